"""Keeps the result store within its size: what nobody has looked at for longest goes first.

A picture that goes is made again when somebody asks for it. A look at it counts once an hour (`FileStore` writes it
down as the time of ``result.json``), and the size is taken every half minute: near enough, and nearly free.
"""

from __future__ import annotations

import shutil
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from jobs.logs import logger
from jobs.results import FileStore

INTERVAL = 30.0
"""Seconds between two sweeps."""

DOWN_TO = 0.9
"""Of the limit: so that not every sweep has something to do."""

LEFTOVER = 3600.0
"""Seconds after which what lies aside has been left by a process that died; a result takes less to write."""


@dataclass(frozen=True)
class Usage:
    """As of the latest sweep; `evicted` since the process started."""

    results: int = 0
    bytes: int = 0
    evicted: int = 0


class Eviction(threading.Thread):
    """Sweeps the folder of a `FileStore` until `stop`. `limit` in bytes; 0: no limit, only leftovers go."""

    def __init__(self, store: FileStore, folder: Path, limit: int) -> None:
        super().__init__(name="eviction", daemon=True)
        self.usage = Usage()
        self._store = store
        self._folder = folder
        self._limit = limit
        self._stopped = threading.Event()

    def run(self) -> None:
        while True:
            try:
                self.sweep()
            except OSError as error:
                logger().warning("result store not swept", reason=error.strerror)
            if self._stopped.wait(INTERVAL):
                return

    def stop(self) -> None:
        self._stopped.set()

    def sweep(self) -> Usage:
        """Takes the size, evicts what is over the limit, clears what has been left aside."""
        self._clear_aside()
        found = sorted(self._results(), key=lambda result: result[0])
        total = sum(size for _, size, _ in found)
        gone = 0
        if self._limit and total > self._limit:
            for _, size, key in found:
                if total <= self._limit * DOWN_TO:
                    break
                if self._store.delete(key):
                    gone += 1
                    total -= size
            logger().info("results evicted", results=gone, bytes_left=total)
        self.usage = replace(self.usage, results=len(found) - gone, bytes=total, evicted=self.usage.evicted + gone)
        return self.usage

    def _results(self) -> list[tuple[float, int, str]]:
        """(last looked at, bytes, key) of each."""
        found = []
        for folder in self._folder.glob("[0-9a-f][0-9a-f]/fv1_*"):
            try:
                looked = (folder / "result.json").stat().st_mtime
                found.append((looked, sum(file.stat().st_size for file in folder.iterdir()), folder.name))
            except FileNotFoundError:
                continue  # deleted, or damaged and about to be made again
        return found

    def _clear_aside(self) -> None:
        for path in (self._folder / ".aside").glob("*"):
            try:
                if time.time() - path.stat().st_mtime > LEFTOVER:
                    shutil.rmtree(path)
            except FileNotFoundError:
                continue
