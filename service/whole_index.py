"""The index of jobs, made anew from the store by whoever looks at it first after the broker was wiped."""

from __future__ import annotations

import threading

from redis.exceptions import RedisError

from featurelens.jobs.errors import FeaturelensError
from featurelens.jobs.logs import logger
from featurelens.jobs.queue.index import FEW, JobIndex
from featurelens.jobs.store.result_store import ResultStore

_PATIENCE = 5.0
"""Seconds that the end of the service waits for a thread."""


class WholeIndex:
    """Knows whether the index is whole, and sees to it."""

    def __init__(self, index: JobIndex, store: ResultStore) -> None:
        self._index = index
        self._store = store
        self._lock = threading.Lock()
        self._rebuilding: threading.Thread | None = None

    def start(self) -> None:
        """Completes the sets of layers, in a thread, as versions from before do not fill them."""
        threading.Thread(target=self._complete_layers, name="layers", daemon=True).start()

    def check(self) -> bool:
        """Whether all jobs are in it; if not, those that are missing are added from now on, in a thread."""
        if self._index.complete():
            return True
        with self._lock:
            if self._rebuilding is None or not self._rebuilding.is_alive():
                self._rebuilding = threading.Thread(target=self._rebuild, name="index", daemon=True)
                self._rebuilding.start()
        return False

    def restore_few(self) -> None:
        """Sees to it that all scans and comparisons are in it. Blocks while they are read from the store, once."""
        if self._index.complete(few=True):
            return
        self.check()
        self._index.rebuild((one for kind in FEW for one in self._store.results(kind.prefix)), few=True)

    def close(self) -> None:
        """Waits for what is under way."""
        if self._rebuilding is not None:
            self._rebuilding.join(_PATIENCE)

    def _complete_layers(self) -> None:
        try:
            self._index.complete_layers()
        except RedisError as error:  # then all jobs are looked through, until the next service starts
            logger().warning("the jobs of each layer are not found faster", error=str(error))

    def _rebuild(self) -> None:
        try:
            self._index.rebuild(self._store.results())
        except (RedisError, FeaturelensError, OSError) as error:  # whoever looks next tries again
            logger().warning("the list is not made anew", error=str(error))
