"""Publishes what can be pictured: the list of networks at once, their layers one by one, the wanted ones first."""

from __future__ import annotations

import threading
import time

from redis import Redis, RedisError

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.errors import ModelLoadFailed
from featurelens.jobs.logs import logger
from featurelens.worker.models.registry import Registry

RELIST_INTERVAL = 10.0
"""Seconds until networks that the operator has added or taken away are noticed, or a wiped Redis is filled again."""

WANTED_INTERVAL = 0.2


class Cataloguer(threading.Thread):
    """A background thread of the renderer; it ends with the process or when `stop` is called."""

    def __init__(self, registry: Registry, redis: Redis) -> None:
        super().__init__(name="cataloguer", daemon=True)
        self._registry = registry
        self._catalog = Catalog(redis)
        self._stopped = threading.Event()
        self._pending: dict[str, ModelEntry] = {}

    def stop(self) -> None:
        self._stopped.set()

    def list(self) -> None:
        """Publishes the networks, and notes those whose layers are not known to Redis yet."""
        entries = self._registry.entries()
        before = {entry.name: entry.digest for entry in self._catalog.models()}
        self._catalog.publish(entries)
        # An operator's network may change its code and keep its weights, and with them its name.
        same = {entry.name for entry in entries if before.get(entry.name) == entry.digest}
        described = self._catalog.described() & same
        # timm has so many that they are described when somebody asks.
        wanted = [entry for entry in entries if entry.downloaded or entry.source != "timm"]
        self._pending = {entry.name: entry for entry in wanted if entry.name not in described}

    def run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.list()
                self.describe(RELIST_INTERVAL)
            except RedisError as error:
                logger().warning("catalog not published", error=str(error))
                self._stopped.wait(1.0)

    def describe(self, seconds: float) -> None:
        """Describes networks, one at least, until `seconds` are over; the others have to wait for the next list."""
        end = time.monotonic() + seconds
        while not self._stopped.is_set():
            name = self._catalog.next_wanted() or next(iter(self._pending), None)
            if name is None:
                self._stopped.wait(WANTED_INTERVAL)
            else:
                self._pending.pop(name, None)
                self._describe(name)
            if time.monotonic() > end:
                return

    def _describe(self, name: str) -> None:
        try:
            self._catalog.publish_layers(name, self._registry.describe(name))
        except ModelLoadFailed as error:
            logger().warning("network not described", model=name, reason=error.detail)
