"""Sweeps: one spec for many channels, signs and seeds. Each picture stays a job of its own.

Redis keeps which pictures belong to a sweep and which attempts it is an asker of; their states are read from their own
records, so that a sweep never contradicts them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, cast
from uuid import uuid4

from pydantic import ValidationError
from redis import Redis
from rq.job import Job

from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.kinds.base import SWEEP_QUEUE
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.record import now, record_key
from featurelens.jobs.queue.room import Reservation
from featurelens.jobs.queue.ticket import Wanted
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.result_store import ResultStore

ID_PATTERN = re.compile(r"sweep_[0-9a-f]{32}")

EXPIRY = 30 * 24 * 3600
"""Seconds a sweep is kept; its pictures have expiries of their own."""

MOST_PICTURES = 1 << 18
"""Of all sweeps that are kept: beyond it the oldest is forgotten. They cost 200 bytes each, made or not."""

STATES = ("queued", "running", "cancelling", "succeeded", "failed", "cancelled", "forgotten")
"""States of a picture. Forgotten: its record has expired, and the store does not have it any more."""

_OVER = frozenset({"succeeded", "failed", "cancelled", "forgotten"})
"""A state that only another version knows is told as it is; as far as this one can tell, it is not the last."""

Standing = Literal["underway", "cancelling", "cancelled", "finished"]

_CHUNK = 256

_STATES = """
local states = {}
for _, item in ipairs(redis.call('LRANGE', KEYS[1], ARGV[3], ARGV[4])) do
  local key = string.match(item, '^%S+')
  local now = redis.call('HMGET', ARGV[1] .. key, 'status', 'attempt')
  local state = now[1]
  if state == 'storing' then state = 'running' end
  if not state then
    state = redis.call('HGET', KEYS[2], key) or '?'
  elseif state == 'succeeded' or state == 'failed' or state == 'cancelled' then
    redis.call('HSET', KEYS[2], key, state)
  elseif redis.call('EXISTS', ARGV[2] .. (now[2] or '')) == 0 then
    state = '!'
  end
  table.insert(states, state)
end
return states
"""


_ALL = "featurelens:sweeps"
"""Sorted set of sweeps by the time they were asked for, each with the number of its pictures."""

_FORGET_OLDEST = """
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1] + time[2] / 1000000, ARGV[2] .. ' ' .. ARGV[1])
redis.call('INCRBY', KEYS[1] .. ':pictures', ARGV[2])
while tonumber(redis.call('GET', KEYS[1] .. ':pictures')) > tonumber(ARGV[4]) do
  local pictures, id = string.match(redis.call('ZPOPMIN', KEYS[1])[1], '^(%d+) (.+)$')
  redis.call('DECRBY', KEYS[1] .. ':pictures', pictures)
  local sweep = ARGV[3] .. id
  redis.call('DEL', sweep, sweep .. ':items', sweep .. ':states', sweep .. ':asking')
end
"""


class Item(NamedTuple):
    """One picture of a sweep."""

    key: str
    channel: int
    sign: str
    seed: int


@dataclass(frozen=True)
class Sweep:
    """A sweep as submitted. `spec` is the resolved spec of its first picture."""

    id: str
    created: datetime
    cancelled: datetime | None
    spec: VisualizationSpec
    total: int


class Sweeps:
    """Submits sweeps, finds them, and cancels them."""

    def __init__(self, redis: Redis, queue: JobQueue, store: ResultStore) -> None:
        self._redis = redis
        self._queue = queue
        self._store = store
        self._script = redis.register_script(_STATES)

    def create(self, wanted: Sequence[Wanted[VisualizationSpec]], room: Reservation | None = None) -> Sweep:
        """Submits all jobs that the store has no result of. Keys must differ; takes about a millisecond a picture.

        They take the places of `room`.
        """
        id = f"sweep_{uuid4().hex}"
        items = [f"{key} {spec.channel} {spec.sign} {spec.seed}" for key, spec, *_ in wanted]
        fields = {"created": now(), "spec": wanted[0].spec.model_dump_json(), "total": len(wanted)}
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(_key(id), mapping=cast("Any", fields))
            pipe.rpush(_key(id, "items"), *items)
            for field in ("", "items"):
                pipe.expire(_key(id, field), EXPIRY)
            pipe.eval(_FORGET_OLDEST, 1, _ALL, id, len(wanted), _key(""), MOST_PICTURES)
            pipe.execute()
        for start in range(0, len(wanted), _CHUNK):
            self._submit(id, wanted[start : start + _CHUNK], room)
        return Sweep(id, datetime.fromisoformat(str(fields["created"])), None, wanted[0].spec, len(wanted))

    def find(self, id: str) -> Sweep | None:
        """Raises `OtherVersion`."""
        values = cast("list[bytes | None]", self._redis.hmget(_key(id), "created", "cancelled", "spec", "total"))
        created, cancelled, spec, total = values
        if created is None or spec is None or total is None:
            return None
        ended = datetime.fromisoformat(cancelled.decode()) if cancelled else None
        start = datetime.fromisoformat(created.decode())
        try:
            return Sweep(id, start, ended, VisualizationSpec.model_validate_json(spec), int(total))
        except ValidationError as error:
            raise OtherVersion.of("this sweep") from error

    def items(self, id: str, start: int = 0, count: int | None = None) -> list[tuple[Item, str]]:
        """Pictures of the sweep in order, at most `count` from number `start`, each with one of `STATES`."""
        last = -1 if count is None else start + count - 1
        keys = [_key(id, "items"), _key(id, "states")]
        states = self._script(keys=keys, args=[record_key(""), Job.redis_job_namespace_prefix, start, last])
        lines = cast("list[bytes]", self._redis.lrange(keys[0], start, last))
        items = [_item(line.decode()) for line in lines]
        return [(item, self._state(id, item.key, state.decode())) for item, state in zip(items, states, strict=True)]

    def cancel(self, id: str) -> None:
        """Removes the sweep as asker of its pictures, the last first; those with other askers are still made.

        May be repeated: it leaves each picture once.
        """
        self._redis.hset(_key(id), "cancelled", now())
        asking = cast("dict[bytes, bytes]", self._redis.hgetall(_key(id, "asking")))
        for key, attempt in reversed(asking.items()):
            if self._redis.hdel(_key(id, "asking"), key):
                self._queue.leave(key.decode(), attempt.decode())

    def _submit(self, id: str, wanted: Sequence[Wanted[VisualizationSpec]], room: Reservation | None) -> None:
        there = self._store.get_all([one.key for one in wanted]).keys()
        missing = [one for one in wanted if one.key not in there]
        tickets = self._queue.submit_all(missing, SWEEP_QUEUE, room)
        asking = {one.key: ticket.record.attempt for one, ticket in zip(missing, tickets, strict=True)}
        with self._redis.pipeline(transaction=True) as pipe:
            if there:
                pipe.hset(_key(id, "states"), mapping=cast("Any", dict.fromkeys(there, "succeeded")))
            if asking:
                pipe.hset(_key(id, "asking"), mapping=cast("Any", asking))
            for field in ("states", "asking"):
                pipe.expire(_key(id, field), EXPIRY)
            pipe.execute()

    def _state(self, id: str, key: str, state: str) -> str:
        """What the script could not tell: ``!`` is a job that has vanished from RQ, ``?`` a record that has expired."""
        if state == "!" and (ticket := self._queue.find(key)) is not None:
            return ticket.record.public_status
        return state if state not in {"!", "?"} else self._stored_state(id, key)

    def _stored_state(self, id: str, key: str) -> str:
        """The state of a picture whose record has expired, as the result store tells it."""
        if key not in self._store.get_all([key]):
            return "forgotten"
        self._redis.hset(_key(id, "states"), key, "succeeded")
        return "succeeded"


def standing(sweep: Sweep, states: Sequence[str]) -> Standing:
    """The state of the sweep as a whole."""
    over = _OVER.issuperset(states)
    if sweep.cancelled is not None:
        return "cancelled" if over else "cancelling"
    return "finished" if over else "underway"


def _key(id: str, field: str = "") -> str:
    return f"featurelens:sweep:{id}" + (f":{field}" if field else "")


def _item(line: str) -> Item:
    key, channel, sign, seed, *_ = line.split()
    return Item(key, int(channel), sign, int(seed))
