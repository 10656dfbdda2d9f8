"""The finished scan that tells of a unit, and the one that would."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from featurelens.jobs import addresses
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.errors import NotFound, UnknownDataset
from featurelens.jobs.kinds import SCAN
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.store.result import Result
from featurelens.service.dependencies import Dependencies
from featurelens.service.schemas.spectrum import ScanOfUnit

PATTERNS = "patterns"
"""The data set that there is everywhere."""


class Found(NamedTuple):
    """A finished scan. `current`: the data set is as it was then; `same_network`: so is the network."""

    result: Result
    spec: ScanSpec
    current: bool
    same_network: bool


def scan_of(
    deps: Dependencies,
    entry: ModelEntry,
    layer: str,
    dataset: str | None,
    *,
    former: bool = False,
    size: tuple[int, int] | None = None,
) -> Found | None:
    """The latest one with this layer; with `size`, one that showed the images in this size.

    One of the network as it is now before, where they count at all, `former` weights; of these one of the data set as
    it is now before any other.
    """
    latest: dict[tuple[bool, bool], Found] = {}
    for scan in deps.scans.reading(entry, layer, size):
        if dataset not in {None, scan.spec.dataset} or not (scan.same or former):
            continue
        rank = (scan.same, _current(deps, scan.spec))
        result = None if rank in latest else deps.scans.result(scan.key)
        if result is not None:
            latest[rank] = Found(result, scan.spec, rank[1], scan.same)
            if all(rank):
                break
    return latest[max(latest)] if latest else None


def telling(deps: Dependencies, entry: ModelEntry, layer: LayerEntry, dataset: str | None) -> Found:
    """The same, one of former weights rather than none. Raises `NotFound`, and tells how to ask for one."""
    found = scan_of(deps, entry, layer.name, dataset, former=True)
    if found is None:
        asked = json.dumps(wanted(entry, layer, dataset).model_dump(exclude_unset=True))
        raise NotFound(f"no finished scan tells of this unit; POST {asked} to {addresses.SCANS}")
    return found


def line_of(deps: Dependencies, found: Found, layer: LayerEntry, channel: int) -> dict[str, Any]:
    """What a scan says of a unit. Raises `NotFound`."""
    line = deps.scans.line(found.result, layer.name, channel)
    if line is None:
        raise NotFound("this scan is gone, or does not tell of this unit")
    return line


def wanted(entry: ModelEntry, layer: LayerEntry, dataset: str | None) -> ScanSpec:
    """What to ask for where there is no scan of this layer."""
    return ScanSpec(model=entry.name, dataset=dataset or PATTERNS, layers=[layer.name])


def asked_for(deps: Dependencies, entry: ModelEntry, wanted: ScanSpec) -> ScanOfUnit:
    """How far the scan that is `wanted` is. Raises `UnknownDataset`, and what `resolve` raises."""
    deps.catalog.datasets.named(wanted.dataset, "dataset")  # here it is a parameter, to `resolve` a field of a body
    scanned, _ = SCAN.resolve(deps.catalog, wanted)
    key = SCAN.key(scanned, entry.digest, entry.renderer)
    found = deps.views[SCAN.name].lookup.find(key)
    return ScanOfUnit(key=key, status=None if found is None else found.status, url=addresses.scan(key))


def _current(deps: Dependencies, spec: ScanSpec) -> bool:
    """Whether the data set is as it was scanned."""
    try:
        return deps.catalog.datasets.named(spec.dataset).identity == spec.identity
    except UnknownDataset:
        return False
