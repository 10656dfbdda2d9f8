"""Keeps what is kept within a size: what nobody has looked at for longest goes first.

What goes is made again when somebody asks for it. A look counts once an hour (`jobs.store.last_used`), and the size is
taken every half minute: near enough, and nearly free.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace

from featurelens.jobs.logs import logger
from featurelens.service.eviction.evictable import Evictable

INTERVAL = 30.0
"""Seconds between two sweeps."""

_REST = 20
"""A sweep that takes long is followed by a rest this many times as long."""

DOWN_TO = 0.9
"""Of the limit: so that not every sweep has something to do."""


@dataclass(frozen=True)
class Usage:
    """As of the latest sweep; `evicted` since the process started."""

    kept: int = 0
    bytes: int = 0
    evicted: int = 0


class Eviction(threading.Thread):
    """Sweeps a evictable until `stop`. `limit` in bytes; 0: no limit, only leftovers go."""

    def __init__(self, what: str, evictable: Evictable, limit: int) -> None:
        super().__init__(name=f"eviction of {what}", daemon=True)
        self.usage = Usage()
        self._what = what
        self._evictable = evictable
        self._limit = limit
        self._stopped = threading.Event()

    def run(self) -> None:
        while True:
            begun = time.monotonic()
            try:
                self.sweep()
            except OSError as error:
                logger().warning("not swept", what=self._what, reason=error.strerror)
            if self._stopped.wait(max(INTERVAL, _REST * (time.monotonic() - begun))):
                return

    def stop(self) -> None:
        self._stopped.set()

    def sweep(self) -> Usage:
        """Takes the size, evicts what is over the limit, clears what has been left aside."""
        self._evictable.tidy()
        found = sorted(self._evictable.entries())
        total = sum(entry.bytes for entry in found)
        gone = 0
        if self._limit and total > self._limit:
            for entry in found:
                if total <= self._limit * DOWN_TO:
                    break
                if self._evictable.delete(entry.name):
                    gone += 1
                    total -= entry.bytes
            logger().info("evicted", what=self._what, number=gone, bytes_left=total)
        self.usage = replace(self.usage, kept=len(found) - gone, bytes=total, evicted=self.usage.evicted + gone)
        return self.usage
