"""Publishes the data sets, in a thread of its own: looking through a large one takes longer than a network may wait."""

from __future__ import annotations

import threading

from redis import Redis, RedisError

from featurelens.jobs.catalog.datasets import Datasets
from featurelens.jobs.logs import logger
from featurelens.worker.datasets.shelf import Shelf

INTERVAL = 10.0
"""Seconds until a change is noticed, or a wiped Redis is filled again."""


class DatasetWatch(threading.Thread):
    """Publishes until `stop` is called."""

    def __init__(self, shelf: Shelf, redis: Redis) -> None:
        super().__init__(name="datasets", daemon=True)
        self._shelf = shelf
        self._datasets = Datasets(redis)
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()

    def look(self) -> None:
        """Publishes what there is now."""
        self._datasets.publish(self._shelf.entries())

    def run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.look()
            except RedisError as error:
                logger().warning("data sets not published", error=str(error))
            except Exception:  # noqa: BLE001  # nobody else would publish any of them
                logger().exception("data sets not published")
            self._stopped.wait(INTERVAL)
