"""Finished scans of a network, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.kinds import SCAN
from featurelens.jobs.queue.index import JobIndex
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.store.result import Result
from featurelens.jobs.store.result_store import ResultStore
from featurelens.service.pagination import MAX_JOBS
from featurelens.service.scan_lines import told
from featurelens.service.whole_index import WholeIndex


class KnownScans:
    """Which there are is asked of the broker each time, what they say is read from the store."""

    def __init__(self, index: JobIndex, store: ResultStore, whole: WholeIndex) -> None:
        self._index = index
        self._store = store
        self._whole = whole

    def keys(self, entry: ModelEntry) -> tuple[str, ...]:
        """Of the latest ones under the network's name, whatever its weights were then."""
        self._whole.restore_few()
        lines, _ = self._index.page(SCAN, MAX_JOBS, model=entry.name, status="succeeded")
        return tuple(line.key for line in lines)

    def results(self, keys: Sequence[str]) -> Iterator[tuple[Result, ScanSpec]]:
        """Those that are there and understood, in this order."""
        results = self._store.get_all(keys)
        for key in keys:
            found = results.get(key)
            if isinstance(found, Result) and isinstance(found.spec, ScanSpec):
                yield found, found.spec

    def line(self, scan: Result, layer: str, channel: int) -> dict[str, Any] | None:
        """What a scan says of a unit (`scan_lines.told`)."""
        return told(self._store, scan, layer, channel)


def tells_of(scan: Result, weights: str, renderer: str) -> bool:
    """Whether it read the network with these weights, by this version of the engine."""
    assert isinstance(scan.spec, ScanSpec)
    return SCAN.tells_of(scan.key, scan.spec, weights, renderer)
