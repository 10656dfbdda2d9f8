"""So that a picture that kills renderers takes no innocent one with it.

When a renderer dies, every picture in it has lost an execution, and nobody knows whose fault it was. They all try again
together; but the last execution a picture is allowed runs while no other picture is at its last. The guilty one then
fails by itself, and those that were merely beside it succeed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from redis import Redis

from featurelens.jobs.logs import logger
from featurelens.jobs.queue.broker import LOST, patiently

KEY = "featurelens:last-chance"

LEASE = 30
"""Seconds after which the place of a slot that died is free again; renewed with every report and in every silence."""


@contextmanager
def quarantined(redis: Redis, execution: str, wanted: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Waits for its turn, calling `wanted` meanwhile (which raises to give up); yields what renews the lease."""
    while not patiently(lambda: redis.set(KEY, execution, nx=True, ex=LEASE)):
        wanted()
        time.sleep(0.2)

    def renew() -> None:
        try:
            redis.set(KEY, execution, ex=LEASE)
        except LOST:
            return

    try:
        yield renew
    finally:
        try:
            if redis.get(KEY) == execution.encode():
                redis.delete(KEY)
        except LOST:
            logger().info("the last chance ends with its lease", execution=execution)
