"""What the parts tell about themselves, in Redis: counts that only rise, and how the renderer is doing just now."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import cast

from pydantic import BaseModel, ConfigDict
from redis import Redis
from rq.job import Job

from featurelens.jobs.kinds.base import QUEUES
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.liveness import RENDERER_EXPIRY

COUNTS = "featurelens:counts"
"""How many pictures succeeded, failed, were cancelled (`jobs.queue.records` counts with the move); renderer starts."""

STARTS = "renderer-starts"
_RENDERER = "featurelens:renderer:figures"


class RendererStats(BaseModel):
    """The renderer at its latest beat. `steps` and `step_seconds` rise from its start; a tick is a lane's one step."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    device: str
    precision: str
    started: datetime
    lanes: int
    pictures: int
    waiting: int
    capacity: int
    """Pictures that the lanes in use advance in one tick."""
    ticks: int
    tick_seconds: float
    steps: int


class QueueStats(BaseModel):
    """One queue: pictures that wait, and for how many seconds the one at its head has."""

    length: int
    oldest_wait: float


def publish_renderer(redis: Redis, stats: RendererStats) -> None:
    """Call with each beat."""
    redis.set(_RENDERER, stats.model_dump_json(), ex=RENDERER_EXPIRY)


def count_start(redis: Redis) -> None:
    """A renderer has started."""
    redis.hincrby(COUNTS, STARTS, 1)


def renderer(redis: Redis) -> RendererStats | None:
    raw = cast("bytes | None", redis.get(_RENDERER))
    return RendererStats.model_validate(json.loads(raw)) if raw else None


def counts(redis: Redis) -> dict[str, int]:
    raw = cast("dict[bytes, bytes]", redis.hgetall(COUNTS))
    return {name.decode(): int(value) for name, value in raw.items()}


def queues(queue: JobQueue, redis: Redis) -> dict[str, QueueStats]:
    """By name. A picture handed back by a dead slot stands at the head again with its first time."""
    found = {}
    for name in QUEUES:
        rq = queue.of(name)
        head = cast("bytes | None", redis.lindex(rq.key, 0))
        raw = (
            cast("bytes | None", redis.hget(Job.redis_job_namespace_prefix + head.decode(), "created_at"))
            if head
            else None
        )
        wait = time.time() - _moment(raw) if raw else 0.0
        found[name] = QueueStats(length=redis.llen(rq.key), oldest_wait=max(0.0, round(wait, 1)))
    return found


def _moment(text: bytes) -> float:
    moment = datetime.fromisoformat(text.decode())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
