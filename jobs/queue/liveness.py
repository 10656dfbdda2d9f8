"""Which processes have sent a heartbeat lately, and whether jobs can be done: by a slot and the renderer."""

from __future__ import annotations

import os
from typing import cast

from redis import Redis
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from featurelens.jobs.errors import NoWorker
from featurelens.jobs.kinds.base import QUEUE

RENDERER = "featurelens:renderer"
CATALOGUER = "featurelens:cataloguer"
EXPIRY = 30
"""Seconds one of these counts as alive after a heartbeat; it sends one at least three times as often."""


def beat(redis: Redis, part: str = RENDERER) -> None:
    """Sends a heartbeat of this process. Call every 10 s or more often."""
    redis.set(part, os.getpid(), ex=EXPIRY)


def rest(redis: Redis, part: str = RENDERER) -> None:
    """Withdraws the heartbeat of a process that ends on purpose."""
    redis.delete(part)


def renderer_alive(redis: Redis) -> bool:
    return bool(redis.exists(RENDERER))


def slots_alive(redis: Redis, queue: str = QUEUE) -> int:
    """Slots of the queue that have sent a heartbeat lately: RQ's registration of a slot expires without one."""
    names = cast("set[bytes]", redis.smembers(WORKERS_BY_QUEUE_KEY % queue))
    return redis.exists(*names) if names else 0


def missing(redis: Redis, queue: str = QUEUE) -> str | None:
    """Which process is missing, in words; None when jobs can be done."""
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
    """Raises `NoWorker` when a job submitted now could not be done."""
    reason = missing(redis, queue)
    if reason is not None:
        raise NoWorker(f"{reason}; finished pictures are still served")
