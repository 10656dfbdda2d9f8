"""Quarantine: a job that kills the renderer must not make others fail.

When a renderer dies, every job in it has lost an execution, and it is unknown which one was the cause. All are executed
again together; but a job's last execution runs while no other job is at its last. So the one that kills renderers fails
alone, and the others succeed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from redis import Redis, RedisError

from featurelens.jobs.logs import logger
from featurelens.jobs.queue.broker import patiently

KEY = "featurelens:last-chance"
"""With the id of a renderer, if it has one: each has a quarantine of its own."""

LEASE = 30
"""Seconds after which the quarantine of a slot that died is free; renewed with every report and in every silence."""


@contextmanager
def quarantined(
    redis: Redis, renderer: str, execution: str, wanted: Callable[[], None]
) -> Iterator[Callable[[], None]]:
    """Waits until no other job is in quarantine, calling `wanted` meanwhile (which raises to give up).

    Yields a function that renews the lease.
    """
    key = f"{KEY}:{renderer}" if renderer else KEY
    while not patiently(lambda: redis.set(key, execution, nx=True, ex=LEASE)):
        wanted()
        time.sleep(0.2)

    def renew() -> None:
        try:
            redis.set(key, execution, ex=LEASE)
        except RedisError:
            return

    try:
        yield renew
    finally:
        try:
            if redis.get(key) == execution.encode():
                redis.delete(key)
        except RedisError:
            logger().info("the quarantine ends with its lease", execution=execution)
