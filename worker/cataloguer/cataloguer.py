"""Publishes what can be pictured: the list of networks at once, the layers of one when somebody asks for them.

The operator's own networks count as asked for, so that what is wrong with one is told before anybody uses it. Each is
described once, and again when it changes; one that cannot be is published with the reason.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from redis import Redis, RedisError

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import ModelEntry, ModelSummary
from featurelens.jobs.errors import ModelLoadFailed
from featurelens.jobs.kinds.base import NETWORK, holding
from featurelens.jobs.logs import logger
from featurelens.jobs.queue.renderers import tell_holdings
from featurelens.worker.models.registry import Registry

RELIST_INTERVAL = 10.0
"""Seconds until networks that the operator has added or taken away are noticed, or a wiped Redis is filled again."""

WANTED_INTERVAL = 1.0
"""Seconds it waits for somebody to ask before it looks whether it is to stop."""

_ASKED_FOR = ("bundled", "local")
"""Sources whose networks are described without being asked for."""


class Cataloguer:
    """Runs until `stop` is called; `alive` is called every `WANTED_INTERVAL`, but not within a description.

    `worker` is the id of the worker whose networks these are.
    """

    def __init__(
        self, registry: Registry, redis: Redis, alive: Callable[[], None] = lambda: None, worker: str = ""
    ) -> None:
        self._registry = registry
        self._redis = redis
        self._worker = worker
        self._catalog = Catalog(redis, worker)
        self._alive = alive
        self._stopped = threading.Event()
        self._pending: dict[str, ModelEntry] = {}
        self._names: set[str] = set()
        """Of the networks that this worker has."""
        self._failed: set[str] = set()
        """Names of networks that could not be described in this life; those of an earlier one are tried once more."""

    def stop(self) -> None:
        self._stopped.set()

    def list(self) -> None:
        """Publishes the networks, and notes those whose layers are not known to Redis yet."""
        entries = {entry.name: entry for entry in self._registry.entries()}
        before = self._catalog.listed()
        described, problems = self._catalog.described(), self._catalog.problems()
        # An operator's network may change its code and keep its weights, and with them its name.
        changed = {
            name for name in entries if name not in before or _decisive(before[name]) != _decisive(entries[name])
        }
        outdated = (changed & (described | problems.keys())) | (problems.keys() & (before.keys() - entries.keys()))
        self._failed -= outdated
        self._catalog.forget(outdated)
        if self._worker:  # before anybody can ask for them
            tell_holdings(self._redis, self._worker, NETWORK, [holding(entry) for entry in entries.values()])
        self._catalog.publish(entries.values())
        self._names = set(entries)
        known = (described | (problems.keys() & self._failed)) - outdated
        wanted = [entry for entry in entries.values() if entry.source in _ASKED_FOR or entry.name in problems]
        self._pending = {entry.name: entry for entry in wanted if entry.name not in known}

    def run(self) -> None:
        """Lists and describes until `stop` is called."""
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
        with suppress(RedisError):  # then it is noticed a little later
            self._catalog.lists.rest()
            self._catalog.datasets.lists.rest()

    def describe(self, seconds: float) -> None:
        """Describes networks, one at least, until `seconds` are over; others have to wait for the next list."""
        end = time.monotonic() + seconds
        while not self._stopped.is_set():
            self._alive()
            own = next(iter(self._pending), None)
            name = self._catalog.next_wanted(0.0 if own or not seconds else WANTED_INTERVAL) or own
            # Who waits asks again and again, also while it is being described.
            if name is not None and name not in self._names:
                self._catalog.hand_on(name)
            elif name is not None and (name == own or not self._catalog.is_described(name)):
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
