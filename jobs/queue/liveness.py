"""Heartbeats: which processes of workers have sent one lately."""

from __future__ import annotations

import os
from typing import cast

from redis import Redis
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from featurelens.jobs.kinds.base import QUEUE

EXPIRY = 30
"""Seconds a process counts as alive after a heartbeat; it sends one at least three times as often."""

BEATS = "featurelens:beats"
"""Hash: id of a renderer -> number of its heartbeats: whoever looks again and again sees that it lives, by no clock."""

RENDERER = "featurelens:renderer"
"""The heartbeat of a renderer without an id."""

SHARED = b"one of several"
"""What stands there while there are only renderers with ids: services from before that find one alive."""


_SHARE = """
local there = redis.call('GET', KEYS[1])
if not there or there == ARGV[1] then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
"""
"""One without an id that lives keeps its heartbeat."""


def renderer_key(id: str) -> str:
    """The Redis key of the heartbeat of a renderer."""
    return f"{RENDERER}:{id}" if id else RENDERER


def cataloguer_key(worker: str) -> str:
    """The same of the cataloguer of a worker; `worker` is its id, or the empty string."""
    return f"featurelens:cataloguer:{worker}" if worker else "featurelens:cataloguer"


def beat(redis: Redis, part: str = RENDERER) -> None:
    """Sends a heartbeat of this process. Call every 10 s or more often."""
    id = part.removeprefix(RENDERER).removeprefix(":")
    with redis.pipeline(transaction=False) as pipe:
        pipe.set(part, os.getpid(), ex=EXPIRY)
        if part.startswith(RENDERER) and id:
            pipe.hincrby(BEATS, id, 1)
            pipe.eval(_SHARE, 1, RENDERER, SHARED, EXPIRY)
        pipe.execute()


def rest(redis: Redis, part: str = RENDERER) -> None:
    """Withdraws the heartbeat of a process that ends on purpose."""
    with redis.pipeline(transaction=False) as pipe:
        pipe.delete(part)
        pipe.hdel(BEATS, part.removeprefix(f"{RENDERER}:"))
        pipe.execute()


def renderer_alive(redis: Redis, id: str = "") -> bool:
    return bool(redis.exists(renderer_key(id)))


def slots_alive(redis: Redis, queue: str = QUEUE) -> int:
    """Slots that have sent a heartbeat lately: of one renderer's queue, or, by a bare name, of all together.

    RQ's registration of a slot expires without one.
    """
    slots = cast("set[bytes]", redis.smembers(WORKERS_BY_QUEUE_KEY % queue))
    return redis.exists(*slots) if slots else 0
