"""Who is there to make pictures: at least one slot that takes jobs, and a renderer that answers it."""

from __future__ import annotations

from typing import cast

from redis import Redis
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from featurelens.jobs.errors import NoWorker
from featurelens.jobs.kinds.base import QUEUE

RENDERER = "featurelens:renderer"
RENDERER_EXPIRY = 30
"""Seconds the renderer counts as alive after a beat; it beats at least three times as often."""


def beat(redis: Redis) -> None:
    """The renderer is alive. Call every 10 s or more often."""
    redis.set(RENDERER, b"1", ex=RENDERER_EXPIRY)


def rest(redis: Redis) -> None:
    """The renderer ends on purpose."""
    redis.delete(RENDERER)


def renderer_alive(redis: Redis) -> bool:
    return bool(redis.exists(RENDERER))


def slots_alive(redis: Redis, queue: str = QUEUE) -> int:
    """How many slots of the queue have sent a heartbeat lately: RQ's own record of a slot expires without one."""
    names = cast("set[bytes]", redis.smembers(WORKERS_BY_QUEUE_KEY % queue))
    return redis.exists(*names) if names else 0


def missing(redis: Redis, queue: str = QUEUE) -> str | None:
    """The part that is not there, in words; None when pictures can be made."""
    with redis.pipeline(transaction=False) as pipe:
        pipe.exists(RENDERER)
        pipe.smembers(WORKERS_BY_QUEUE_KEY % queue)
        renderer, names = pipe.execute()
    if not renderer:
        return "the renderer is not running"
    if not names or not redis.exists(*names):
        return "no slot takes jobs" if queue == QUEUE else "no slot takes sweeps"
    return None


def check(redis: Redis, queue: str = QUEUE) -> None:
    """Raises `NoWorker` when a picture asked for now would have nobody to make it."""
    part = missing(redis, queue)
    if part is not None:
        raise NoWorker(f"{part}; finished pictures are still served")
