"""The renderer's heartbeat, and the watchdog over its loop."""

from __future__ import annotations

import os
import threading

from redis import Redis, RedisError

from featurelens.jobs.logs import logger
from featurelens.jobs.queue import stats
from featurelens.jobs.queue.liveness import RENDERER_EXPIRY, beat, rest
from featurelens.jobs.silence import Silence
from featurelens.worker.renderer.lane_stats import LaneStats

INTERVAL = RENDERER_EXPIRY / 6
"""Seconds between beats."""

HANG = 45.0
"""Seconds without a turn of the loop, counted while this thread itself runs, after which the process exits."""

HUNG = 70
"""Exit status of a renderer whose loop hung."""


class Heartbeat(threading.Thread):
    """Sends heartbeats and statistics; exits the process when the loop has not called `touch` for `hang` seconds."""

    def __init__(self, redis: Redis, hang: float = HANG) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.stats: LaneStats | None = None
        self._redis = redis
        self._hang = hang
        self._turns = 0
        self._stopped = threading.Event()

    def touch(self) -> None:
        """Called by the loop once a turn."""
        self._turns += 1

    def stop(self) -> None:
        self._stopped.set()
        try:
            rest(self._redis)
        except RedisError as error:
            logger().info("the heartbeat was not withdrawn", error=str(error))

    def run(self) -> None:
        counted = False
        silence = Silence(2 * INTERVAL)
        while True:
            if silence.seconds(self._turns) > self._hang:
                logger().critical("the loop hangs, exiting", seconds=self._hang)
                os._exit(HUNG)
            try:
                beat(self._redis)
                if not counted:
                    stats.count_start(self._redis)
                    counted = True
                if self.stats is not None:
                    stats.publish_renderer(self._redis, self.stats.read())
            except RedisError as error:
                logger().warning("no heartbeat", error=str(error))
            if self._stopped.wait(INTERVAL):
                return
