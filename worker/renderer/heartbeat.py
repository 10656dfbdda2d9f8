"""The renderer's heartbeat, and the watchdog over its loop."""

from __future__ import annotations

import os
import threading
import time

from redis import Redis, RedisError

from featurelens.jobs.logs import logger
from featurelens.jobs.queue import stats
from featurelens.jobs.queue.liveness import RENDERER_EXPIRY, beat, rest
from featurelens.worker.renderer.lane_stats import LaneStats

INTERVAL = RENDERER_EXPIRY / 6
"""Seconds between beats."""

HANG = 45.0
"""Seconds without a turn of the loop after which the process gives itself up; one turn is at most a few seconds."""

HUNG = 70
"""Exit code of a renderer that has given itself up."""


class Heartbeat(threading.Thread):
    """Beats while the loop calls `touch`; ends the process when it has stopped doing so, and is started anew."""

    def __init__(self, redis: Redis, hang: float = HANG) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.stats: LaneStats | None = None
        self._redis = redis
        self._hang = hang
        self._touched = time.monotonic()
        self._stopped = threading.Event()

    def touch(self) -> None:
        self._touched = time.monotonic()

    def stop(self) -> None:
        self._stopped.set()
        try:
            rest(self._redis)
        except RedisError as error:
            logger().info("the broker was not told of the end", error=str(error))

    def run(self) -> None:
        told = False
        while True:
            if time.monotonic() - self._touched > self._hang:
                logger().critical("the loop hangs, giving up", seconds=self._hang)
                os._exit(HUNG)
            try:
                beat(self._redis)
                if not told:
                    stats.count_start(self._redis)
                    told = True
                if self.stats is not None:
                    stats.publish_renderer(self._redis, self.stats.read())
            except RedisError as error:
                logger().warning("no heartbeat", error=str(error))
            if self._stopped.wait(INTERVAL):
                return
