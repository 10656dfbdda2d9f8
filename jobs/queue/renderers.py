"""The renderers there are: what each one is, whether it lives, and what waits for it.

Each tells what it is with its heartbeat. The networks and data sets that a worker holds are told by its cataloguer, for
all its renderers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from redis import Redis

from featurelens.jobs.kinds import ACTIVATIONS, VISUALIZATION
from featurelens.jobs.queue.liveness import EXPIRY, RENDERER, SHARED, renderer_key
from featurelens.jobs.queue.queues import RENDERERS

LATE = 12
"""Seconds after a heartbeat when the next one is overdue: who is late gets nothing new while others are not."""

_HOLDS = "featurelens:holds:"
"""Before the id of a worker: set of what it holds (`jobs.kinds.base.Kind.needs`)."""
_HOLDS_EXPIRY = 7 * 24 * 3600


class Renderer(BaseModel):
    """What a renderer is, the same from its start to its end."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field("", description="that of its worker, a dot and its number there; empty: it has none")
    host: str = Field("", description="the machine that it runs on")
    version: str | None = Field(None, description="of Featurelens; null: one from before this was told")
    kinds: tuple[str, ...] = Field((VISUALIZATION.name, ACTIVATIONS.name), description="of jobs that it can do")
    device: str
    precision: str
    started: datetime
    sweep_pictures: int = 4
    """Pictures of sweeps that it is worth having in the making at once."""
    single_pictures: int = 1
    """Pictures of one lane, asked for one by one, of which the same is true ([measured](docs/scaling.md))."""
    memory: int = 0
    """Bytes that the pictures in progress may take together, as estimated; 0: not known."""


class Look(NamedTuple):
    """One renderer as it stands."""

    id: str
    about: Renderer | None
    """None: of a version that tells it in another way."""
    alive: bool
    late: bool
    """Whether its heartbeat is overdue."""
    slots: bool
    """Whether one takes jobs from the queue that was asked about."""
    holds: bool
    """Whether its worker holds what was asked about; one that never tells anything of that may."""
    backlog: int
    """Jobs of the queue that was asked about that wait for it or are in the making."""

    @property
    def ready(self) -> bool:
        """Whether it could make what was asked about, as far as its kind and memory allow."""
        return self.alive and self.slots and self.holds


_LOOK = """
local ids = redis.call('HKEYS', KEYS[1])
table.insert(ids, '')
local found = {}
for _, id in ipairs(ids) do
  local of, heart = id ~= '' and '@' .. id or '', ARGV[2] .. (id ~= '' and ':' .. id or '')
  local beat = redis.call('GET', heart)
  if id ~= '' or (beat and beat ~= ARGV[3]) then
    local about = id ~= '' and redis.call('HGET', KEYS[1], id) or redis.call('GET', heart .. ':figures') or ''
    local slots = 0
    local backlog = redis.call('LLEN', 'rq:queue:' .. ARGV[1] .. of) + redis.call('ZCARD', 'rq:wip:' .. ARGV[1] .. of)
    local left = redis.call('TTL', heart)
    local late = left >= 0 and left < tonumber(ARGV[4])
    for _, slot in ipairs(redis.call('SMEMBERS', 'rq:workers:' .. ARGV[1] .. of)) do
      slots = redis.call('EXISTS', slot)
      if slots == 1 then break end
    end
    local holdings, holds = KEYS[2] .. string.match(id, '^[^.]*'), 1
    if redis.call('EXISTS', holdings) == 1 then
      for i = 5, #ARGV do holds = holds * redis.call('SISMEMBER', holdings, ARGV[i]) end
    end
    table.insert(found, {id, about, beat and 1 or 0, late and 1 or 0, slots, holds, backlog})
  end
end
return found
"""


class Renderers:
    """Reads and writes what is known of them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._look = redis.register_script(_LOOK)

    def look(self, queue: str, needs: Sequence[str] = ()) -> list[Look]:
        """All of them, in one round trip; slots are those of `queue`, one of `QUEUES`."""
        arguments: list[str | bytes | int] = [queue, RENDERER, SHARED, EXPIRY - LATE, *needs]
        found = self._look(keys=[RENDERERS, _HOLDS], args=arguments)
        return [
            Look(id.decode(), _understood(about), bool(alive), bool(late), bool(slots), bool(holds), backlog)
            for id, about, alive, late, slots, holds, backlog in found
        ]


def tell(redis: Redis, renderer: Renderer) -> None:
    """Makes a renderer with an id known. Call with each heartbeat."""
    redis.hset(RENDERERS, renderer.id, renderer.model_dump_json(include=set(Renderer.model_fields)))


def alive(redis: Redis) -> list[str]:
    """The ids of the renderers that have sent a heartbeat lately; the empty one if that has none."""
    known = [name.decode() for name in cast("list[bytes]", redis.hkeys(RENDERERS))]
    beats = redis.mget([renderer_key(id) for id in ("", *sorted(known))])
    found = zip(("", *sorted(known)), cast("list[bytes | None]", beats), strict=True)
    return [id for id, beat in found if beat is not None and beat != SHARED]


def tell_nothing_yet(redis: Redis, worker: str) -> None:
    """What a worker holds is going to be told, and until then it counts as holding nothing. May be repeated."""
    with redis.pipeline(transaction=True) as pipe:
        pipe.sadd(_HOLDS + worker, "")
        pipe.expire(_HOLDS + worker, _HOLDS_EXPIRY)
        pipe.execute()


def worker_of(renderer: str) -> str:
    """The id of the worker that a renderer belongs to."""
    return renderer.partition(".")[0]


def tell_holdings(redis: Redis, worker: str, told: str, holdings: Sequence[str]) -> None:
    """Replaces what a worker holds, of one sort: `told` is what all of that sort begin with."""
    key = _HOLDS + worker
    before = {one.decode() for one in cast("set[bytes]", redis.smembers(key)) if one.decode().startswith(told)}
    with redis.pipeline(transaction=True) as pipe:
        if gone := before.difference(holdings):
            pipe.srem(key, *gone)
        if new := set(holdings) - before:
            pipe.sadd(key, *new)
        pipe.expire(key, _HOLDS_EXPIRY)
        pipe.execute()


def _understood(told: bytes) -> Renderer | None:
    try:
        return Renderer.model_validate_json(told)
    except ValidationError:
        return None
