"""The heartbeat of a process of the worker, and the watchdog over its loop."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from redis import Redis, RedisError

from featurelens.jobs.logs import logger
from featurelens.jobs.queue.liveness import EXPIRY, beat, rest
from featurelens.jobs.silence import Silence

INTERVAL = EXPIRY / 6
"""Seconds between beats."""

HANG = 45.0
"""Seconds without a turn of the loop, counted while this thread itself runs, after which the process exits."""

HUNG = 70
"""Exit status of a process whose loop hung."""


class Heartbeat(threading.Thread):
    """Sends heartbeats of `part`; exits the process when the loop has not called `touch` for `hang` seconds."""

    def __init__(self, redis: Redis, part: str, hang: float = HANG) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.tell: Callable[[Redis], None] | None = None
        """Is called with every beat."""
        self._redis = redis
        self._part = part
        self._hang = hang
        self._turns = 0
        self._stopped = threading.Event()

    def touch(self) -> None:
        """Called by the loop once a turn."""
        self._turns += 1

    def stop(self) -> None:
        self._stopped.set()
        try:
            rest(self._redis, self._part)
        except RedisError as error:
            logger().info("the heartbeat was not withdrawn", error=str(error))

    def run(self) -> None:
        silence = Silence(2 * INTERVAL)
        while True:
            if silence.seconds(self._turns) > self._hang:
                logger().critical("the loop hangs, exiting", seconds=self._hang)
                os._exit(HUNG)
            try:
                beat(self._redis, self._part)
                if self.tell is not None:
                    self.tell(self._redis)
            except RedisError as error:
                logger().warning("no heartbeat", error=str(error))
            if self._stopped.wait(INTERVAL):
                return
