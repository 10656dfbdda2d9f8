"""Statistics in Redis: counters, the renderer's latest state, and the length of each queue."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from redis import Redis
from rq.job import Job

from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.kinds import ACTIVATIONS, VISUALIZATION
from featurelens.jobs.kinds.base import QUEUES, Kind
from featurelens.jobs.queue.aside import aside
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.liveness import EXPIRY
from featurelens.jobs.queue.speeds import Speed
from featurelens.jobs.version import VERSION

COUNTS = "featurelens:counts"
"""Counters: jobs that succeeded, failed, were cancelled (incremented by the moves of `jobs.queue.records`); starts."""

STARTS = "renderer-starts"
_RENDERER = "featurelens:renderer:figures"


class RendererStats(BaseModel):
    """The renderer at its latest heartbeat. `ticks`, `tick_seconds` and `steps` count from its start.

    A tick is one step of a lane; `steps` counts one for each picture in it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: str | None = Field(None, description="of Featurelens; null: one from before this was told")
    kinds: tuple[str, ...] = Field((VISUALIZATION.name, ACTIVATIONS.name), description="of jobs that it can do")
    device: str
    precision: str
    started: datetime
    lanes: int
    pictures: int
    waiting: int
    capacity: int
    """Pictures that all lanes in use together advance in one tick."""
    sweep_pictures: int = 4
    """Pictures of sweeps that it is worth having in the making at once."""
    memory: int = 0
    """Bytes that the pictures in progress may take together, as estimated; 0: not known."""
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
    redis.set(_RENDERER, stats.model_dump_json(), ex=EXPIRY)


def count_start(redis: Redis) -> None:
    """Counts a start of the renderer."""
    redis.hincrby(COUNTS, STARTS, 1)


def renderer(redis: Redis) -> RendererStats | None:
    """None: it is not running, or of another version and tells other figures."""
    raw = cast("bytes | None", redis.get(_RENDERER))
    try:
        return RendererStats.model_validate(json.loads(raw)) if raw else None
    except ValidationError:
        return None


def check_kind(renderer: RendererStats | None, kind: Kind[Any]) -> None:
    """Raises `OtherVersion` when the renderer is of a version that cannot do jobs of this kind. One unknown may."""
    if renderer is not None and kind.name not in renderer.kinds:
        theirs = f"Featurelens {renderer.version}" if renderer.version else "an older Featurelens"
        raise OtherVersion(
            f"the worker is {theirs} and knows {', '.join(renderer.kinds)}; {kind.name} comes with Featurelens "
            f"{VERSION}, which this service is"
        )


def counts(redis: Redis) -> dict[str, int]:
    raw = cast("dict[bytes, bytes]", redis.hgetall(COUNTS))
    return {name.decode(): int(value) for name, value in raw.items()}


def queues(queue: JobQueue, redis: Redis) -> dict[str, QueueStats]:
    """By name. A job handed back by a dead slot is at the head again, with the time of its submission."""
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
        lengths = redis.llen(rq.key), redis.llen(aside(name))
        found[name] = QueueStats(length=lengths[0], oldest_wait=max(0.0, round(wait, 1)), aside=lengths[1])
    return found


def _moment(text: bytes) -> float:
    moment = datetime.fromisoformat(text.decode())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
