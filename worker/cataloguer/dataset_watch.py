"""Publishes the data sets, in a thread of its own: looking through a large one takes longer than a network may wait."""

from __future__ import annotations

import threading

from redis import Redis, RedisError

from featurelens.jobs.catalog.datasets import Datasets
from featurelens.jobs.kinds.base import DATASET, holding_of_dataset
from featurelens.jobs.logs import logger
from featurelens.jobs.queue.renderers import tell_holdings
from featurelens.worker.datasets.shelf import Shelf

INTERVAL = 10.0
"""Seconds until a change is noticed, or a wiped Redis is filled again."""


class DatasetWatch(threading.Thread):
    """Publishes until `stop` is called. `worker` is the id of the worker whose data sets these are."""

    def __init__(self, shelf: Shelf, redis: Redis, worker: str = "") -> None:
        super().__init__(name="datasets", daemon=True)
        self._shelf = shelf
        self._redis = redis
        self._worker = worker
        self._datasets = Datasets(redis, worker)
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()

    def look(self) -> None:
        """Publishes what there is now."""
        entries = list(self._shelf.entries())
        if self._worker:  # before anybody can ask for them
            held = [holding_of_dataset(entry.name, entry.identity) for entry in entries]
            tell_holdings(self._redis, self._worker, DATASET, held)
        self._datasets.publish(entries)

    def run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.look()
            except RedisError as error:
                logger().warning("data sets not published", error=str(error))
            except Exception:  # noqa: BLE001  # nobody else would publish any of them
                logger().exception("data sets not published")
            self._stopped.wait(INTERVAL)
