"""Keeps an evictable within a size: the least recently used entry goes first.

What goes is made again when somebody asks for it. The time of use is good to an hour (`jobs.store.last_used`), and the
size is taken every half minute: near enough, and nearly free.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace

from redis import RedisError

from featurelens.jobs.logs import logger
from featurelens.service.eviction.evictable import Evictable

INTERVAL = 30.0
"""Seconds between two passes."""

_PAUSE = 20
"""A pass that takes long is followed by a pause this many times as long."""

DOWN_TO = 0.9
"""Of the limit: so that not every pass has something to do."""


@dataclass(frozen=True)
class Usage:
    """As of the latest pass; `evicted` since the process started."""

    entries: int = 0
    bytes: int = 0
    evicted: int = 0


class Eviction(threading.Thread):
    """Evicts until `stop`. `limit` in bytes; 0: no limit, only leftovers go."""

    def __init__(self, of: str, evictable: Evictable, limit: int) -> None:
        super().__init__(name=f"eviction of {of}", daemon=True)
        self.usage = Usage()
        self._of = of
        self._evictable = evictable
        self._limit = limit
        self._stopped = threading.Event()

    def run(self) -> None:
        while True:
            begun = time.monotonic()
            try:
                self.evict()
            except (OSError, RedisError) as error:  # without the broker nobody knows what is needed
                logger().warning("not evicted", what=self._of, reason=str(error))
            if self._stopped.wait(max(INTERVAL, _PAUSE * (time.monotonic() - begun))):
                return

    def stop(self) -> None:
        self._stopped.set()

    def evict(self) -> Usage:
        """Takes the size, evicts what is over the limit, clears unfinished files that have been left."""
        self._evictable.tidy()
        found = sorted(self._evictable.entries())
        total = sum(entry.bytes for entry in found)
        gone = 0
        if self._limit and total > self._limit:
            needed = self._evictable.needed()
            for entry in found:
                if total <= self._limit * DOWN_TO:
                    break
                if entry.name not in needed and self._evictable.delete(entry.name):
                    gone += 1
                    total -= entry.bytes
            logger().info("evicted", what=self._of, number=gone, bytes_left=total)
        self.usage = replace(self.usage, entries=len(found) - gone, bytes=total, evicted=self.usage.evicted + gone)
        return self.usage
