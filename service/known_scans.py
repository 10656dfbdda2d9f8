"""Finished scans of a network, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.kinds import SCAN
from featurelens.jobs.queue.index import JobIndex
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.store.remembered import Remembered
from featurelens.jobs.store.result import Result
from featurelens.jobs.store.result_store import ResultStore
from featurelens.service.pagination import MAX_JOBS
from featurelens.service.scan_lines import told, told_each
from featurelens.service.whole_index import WholeIndex

REMEMBERED = 4096
"""Scans that a process knows what they read without a look into the store."""


class Known(NamedTuple):
    """A scan, and whether it read the network as that is now: with its weights, by its version of the engine."""

    key: str
    spec: ScanSpec
    same: bool


class KnownScans:
    """Which there are is asked of the broker each time, what they say is read from the store."""

    def __init__(self, index: JobIndex, store: ResultStore, whole: WholeIndex) -> None:
        self._index = index
        self._store = store
        self._whole = whole
        self._known = Remembered[Known](REMEMBERED)
        """What a key stands for never changes, so that it is read once."""

    def reading(self, entry: ModelEntry, layer: str, size: tuple[int, int] | None = None) -> Iterator[Known]:
        """Those that read `layer` under the network's name, whatever its weights were then, the latest of them.

        With `size`, of images in this size. Some may be gone from the store.
        """
        self._whole.restore_few()
        lines, _ = self._index.page(SCAN, MAX_JOBS, model=entry.name, status="succeeded")
        for known in self._all([line.key for line in lines], entry):
            if layer in (known.spec.layers or []) and size in {None, known.spec.size}:
                yield known

    def result(self, key: str) -> Result | None:
        """None where it is gone or not understood. One that was evicted may be made again, under the same key."""
        found = self._store.get_all([key]).get(key)
        return found if isinstance(found, Result) and isinstance(found.spec, ScanSpec) else None

    def line(self, scan: Result, layer: str, channel: int) -> dict[str, Any] | None:
        """What a scan says of a unit (`scan_lines.told`)."""
        return told(self._store, scan, layer, channel)

    def lines(self, scan: Result, layer: str, channels: Iterable[int]) -> dict[int, dict[str, Any]]:
        """The same of some units, by channel, as far as it is there."""
        return told_each(self._store, scan, layer, channels)

    def _all(self, keys: list[str], entry: ModelEntry) -> Iterator[Known]:
        now = entry.digest, entry.renderer
        known = {key: self._known.get(key, now) for key in keys}
        unknown = [key for key, one in known.items() if one is None]
        for key, result in (self._store.get_all(unknown) if unknown else {}).items():
            if isinstance(result, Result) and isinstance(result.spec, ScanSpec):
                known[key] = one = Known(key, result.spec, tells_of(result, *now))
                self._known.keep(key, now, one, 1)
        yield from (one for one in known.values() if one is not None)


def tells_of(scan: Result, weights: str, renderer: str) -> bool:
    """Whether it read the network with these weights, by this version of the engine."""
    assert isinstance(scan.spec, ScanSpec)
    return SCAN.tells_of(scan.key, scan.spec, weights, renderer)
