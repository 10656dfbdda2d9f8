"""Publishes what can be pictured: the list of networks at once, their layers one by one, the wanted ones first.

Each network is described once, and again when it changes; one that cannot be is published with the reason.
"""

from __future__ import annotations

import threading
import time

from redis import Redis, RedisError

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import ModelEntry, ModelSummary
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
        self._failed: set[str] = set()
        """Names of networks that could not be described in this life; those of an earlier one are tried once more."""

    def stop(self) -> None:
        self._stopped.set()

    def list(self) -> None:
        """Publishes the networks, and notes those whose layers are not known to Redis yet."""
        entries = {entry.name: entry for entry in self._registry.entries()}
        before = {entry.name: entry for entry in self._catalog.models()}
        described, problems = self._catalog.described(), self._catalog.problems()
        # An operator's network may change its code and keep its weights, and with them its name.
        changed = {
            name for name in entries if name not in before or _decisive(before[name]) != _decisive(entries[name])
        }
        outdated = (changed & (described | problems.keys())) | (problems.keys() - entries.keys())
        self._failed -= outdated
        self._catalog.forget(outdated)
        self._catalog.publish(entries.values())
        known = (described | (problems.keys() & self._failed)) - outdated
        # timm has so many that they are described when somebody asks.
        wanted = [entry for entry in entries.values() if entry.downloaded or entry.source != "timm"]
        self._pending = {entry.name: entry for entry in wanted if entry.name not in known}

    def run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.list()
                self.describe(RELIST_INTERVAL)
            except RedisError as error:
                logger().warning("catalog not published", error=str(error))
                self._stopped.wait(1.0)
            except Exception:  # noqa: BLE001  # nobody else would publish anything any more
                logger().exception("catalog not published")
                self._stopped.wait(RELIST_INTERVAL)

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
            self._fail(name, error.detail)
        except RedisError:
            raise
        except Exception:  # noqa: BLE001  # the others are to be described all the same
            logger().exception("network not described", model=name)
            self._fail(name, "an unexpected error, written to the worker's log")

    def _fail(self, name: str, reason: str) -> None:
        self._failed.add(name)
        self._catalog.publish_problem(name, reason)


def _decisive(entry: ModelSummary) -> tuple[object, ...]:
    """What decides its layers."""
    return entry.digest, entry.input_channels, entry.input_size, entry.classes_layer
