"""Statistics in Redis: counters, the latest state of each renderer, and the length of each queue."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

from pydantic import BaseModel, Field, ValidationError
from redis import Redis
from rq.job import Job

from featurelens.jobs.kinds.base import QUEUES
from featurelens.jobs.queue import renderers
from featurelens.jobs.queue.aside import aside
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.liveness import EXPIRY, renderer_key
from featurelens.jobs.queue.renderers import Renderer
from featurelens.jobs.queue.speeds import Speed

COUNTS = "featurelens:counts"
"""Counters: jobs that succeeded, failed, were cancelled (incremented by the moves of `jobs.queue.records`); starts."""

STARTS = "renderer-starts"

STARTS_KEPT = 24 * 3600
"""Seconds after its last heartbeat for which it is known how often a renderer has started."""


class RendererStats(Renderer):
    """A renderer at its latest heartbeat. `ticks`, `tick_seconds` and `steps` count from its start.

    A tick is one step of a lane; `steps` counts one for each picture in it.
    """

    lanes: int
    pictures: int
    waiting: int
    capacity: int
    """Pictures that all lanes in use together advance in one tick."""
    ticks: int
    tick_seconds: float
    steps: int
    speeds: list[Speed] = Field(default_factory=list, description="how fast pictures have advanced of late, by lane")


class QueueStats(BaseModel):
    """One queue: jobs that wait, and for how many seconds the one at its head has waited.

    `aside` are those that the slots do not understand, as another version has accepted them.
    """

    length: int
    oldest_wait: float
    aside: int = 0


def publish_renderer(redis: Redis, stats: RendererStats) -> None:
    """Stores the renderer's state. Call with each heartbeat."""
    redis.set(_figures(stats.id), stats.model_dump_json(), ex=EXPIRY)
    redis.expire(_starts(stats.id), STARTS_KEPT)
    if stats.id:
        renderers.tell(redis, stats)


def count_start(redis: Redis, id: str = "") -> None:
    """Counts a start of a renderer: among those of all, and among its own."""
    redis.hincrby(COUNTS, STARTS, 1)
    redis.incr(_starts(id))
    redis.expire(_starts(id), STARTS_KEPT)


def starts(redis: Redis, ids: Sequence[str]) -> dict[str, int]:
    """How often each of these renderers has started; without those of a version that does not count its own."""
    found = cast("list[bytes | None]", redis.mget([_starts(id) for id in ids])) if ids else []
    return {id: int(number) for id, number in zip(ids, found, strict=True) if number is not None}


def renderer(redis: Redis, id: str = "") -> RendererStats | None:
    """None: it is not running, or of another version and tells other figures."""
    return _understood(cast("bytes | None", redis.get(_figures(id))))


def all_renderers(redis: Redis) -> list[RendererStats]:
    """Those that are running, sorted by id; one of a version that tells other figures is left out."""
    ids = renderers.alive(redis)
    told = cast("list[bytes | None]", redis.mget([_figures(id) for id in ids])) if ids else []
    return [known for known in map(_understood, told) if known is not None]


def counts(redis: Redis) -> dict[str, int]:
    raw = cast("dict[bytes, bytes]", redis.hgetall(COUNTS))
    return {name.decode(): int(value) for name, value in raw.items()}


def queues(queue: JobQueue, redis: Redis) -> dict[str, QueueStats]:
    """By name, those of all renderers together. A job handed back by a dead slot is at the head again, with the time of
    its submission.
    """
    found = {}
    for base in QUEUES:
        names = queue.names(base)
        with redis.pipeline(transaction=False) as pipe:
            for name in names:
                rq = queue.of(name)
                pipe.llen(rq.key)
                pipe.lindex(rq.key, 0)
                pipe.llen(aside(name))
            answers = pipe.execute()
        heads = [head.decode() for head in answers[1::3] if head is not None]
        waits = [_wait(redis, head) for head in heads]
        oldest = max(0.0, round(max(waits, default=0.0), 1))
        found[base] = QueueStats(length=sum(answers[::3]), oldest_wait=oldest, aside=sum(answers[2::3]))
    return found


def _wait(redis: Redis, attempt: str) -> float:
    raw = cast("bytes | None", redis.hget(Job.redis_job_namespace_prefix + attempt, "created_at"))
    return time.time() - _moment(raw) if raw else 0.0


def _figures(id: str) -> str:
    return f"{renderer_key(id)}:figures"


def _starts(id: str) -> str:
    return f"{renderer_key(id)}:starts"


def _understood(raw: bytes | None) -> RendererStats | None:
    try:
        return RendererStats.model_validate(json.loads(raw)) if raw else None
    except ValidationError:
        return None


def _moment(text: bytes) -> float:
    moment = datetime.fromisoformat(text.decode())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
