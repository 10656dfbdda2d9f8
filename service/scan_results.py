"""Finished scans: the one that tells of a unit, what it says, and the images that it names."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from featurelens.jobs import addresses
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.errors import CatalogPending, InvalidSpec, NotFound, OutOfRange, UnknownDataset
from featurelens.jobs.kinds import SCAN
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.store.pack import THUMBNAILS, UNITS, unpacked, unpacked_from
from featurelens.jobs.store.result import Result
from featurelens.service.crops import Box, cut, seen_by
from featurelens.service.dependencies import Dependencies
from featurelens.service.pagination import MAX_JOBS
from featurelens.service.scan_lines import shape_of, told, units_of
from featurelens.service.schemas.examples import Examples
from featurelens.service.schemas.scanned_units import ScannedUnit
from featurelens.service.thumbnails import Format

PATTERNS = "patterns"
"""The data set that there is everywhere."""


def examples(deps: Dependencies, entry: ModelEntry, layer: LayerEntry, channel: int, dataset: str | None) -> Examples:
    """What the latest scan with this layer says of a unit, one of the data set as it is now before any other.

    Raises `NotFound`, and tells how to ask for one.
    """
    found = examples_if_any(deps, entry, layer, channel, dataset)
    if found is None:
        asked = json.dumps(wanted(entry, layer, dataset).model_dump(exclude_unset=True))
        raise NotFound(f"no finished scan tells of this unit; POST {asked} to {addresses.SCANS}")
    return found


def examples_if_any(
    deps: Dependencies, entry: ModelEntry, layer: LayerEntry, channel: int, dataset: str | None
) -> Examples | None:
    """The same; None where no finished scan has this layer."""
    found = _scan(deps, entry, layer, dataset)
    if found is None:
        return None
    spec = found.spec
    assert isinstance(spec, ScanSpec)
    line = told(deps.store, found, layer.name, channel)
    if line is None:
        raise NotFound("this scan is gone, or does not tell of this unit")
    return Examples.of(found, line, current=_current(deps, spec), crops=deps.settings.dataset_crops)


def wanted(entry: ModelEntry, layer: LayerEntry, dataset: str | None) -> ScanSpec:
    """What to ask for where there is no scan of this layer."""
    return ScanSpec(model=entry.name, dataset=dataset or PATTERNS, layers=[layer.name])


def table(deps: Dependencies, key: str) -> tuple[bytes, str]:
    """The Parquet file and its sha256. Raises `NotFound`."""
    found = deps.store.file(key, "units.parquet")
    if found is None:
        raise _unfinished(key)
    return found


def crop(deps: Dependencies, key: str, image: int, position: tuple[str, int, int] | None, format: Format) -> bytes:
    """What `position` (layer, x, y) sees of an image that the scan names, or all of that.

    Raises `NotFound`, or `OutOfRange` for a position that there is not.
    """
    if not deps.settings.dataset_crops:
        raise NotFound("images of data sets are not shown here")
    result = deps.store.get(key)
    if result is None:
        raise _unfinished(key)
    webp = unpacked(deps.store, result, THUMBNAILS, image)
    if webp is None:
        raise NotFound(f"this scan has kept no image {image}")
    spec = result.spec
    assert isinstance(spec, ScanSpec)
    assert spec.size is not None
    return cut(webp, None if position is None else _box(deps, result, spec, *position), spec.size, format)


def units(deps: Dependencies, key: str, layer: str | None, image: int | None) -> tuple[str, list[ScannedUnit]]:
    """The layer, by default the first, and its units; with `image`, those among whose strongest images it is.

    Raises `NotFound`, or `OutOfRange` for a layer that was not read.
    """
    result = deps.store.get(key)
    if result is None:
        raise _unfinished(key)
    chosen = layer or str(result.numbers["layers"][0]["name"])
    lines = unpacked_from(deps.store, result, UNITS, *units_of(result, chosen))
    spec = result.spec
    assert isinstance(spec, ScanSpec)
    found = (ScannedUnit.of(spec.model, json.loads(line), image) for line in lines)
    return chosen, [unit for unit in found if unit is not None]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _scan(deps: Dependencies, entry: ModelEntry, layer: LayerEntry, dataset: str | None) -> Result | None:
    lines, _ = deps.index.page(SCAN, MAX_JOBS, model=entry.name, status="succeeded")
    latest = None
    for line in lines:
        found = deps.store.get(line.key)
        if found is not None and _fits(found.spec, layer.name, dataset):
            if _current(deps, found.spec):
                return found
            latest = latest or found
    return latest


def _fits(spec: Any, layer: str, dataset: str | None) -> bool:
    return isinstance(spec, ScanSpec) and layer in (spec.layers or []) and dataset in {None, spec.dataset}


def _current(deps: Dependencies, spec: Any) -> bool:
    """Whether the data set is as it was scanned."""
    try:
        return bool(deps.catalog.datasets.named(spec.dataset).identity == spec.identity)
    except UnknownDataset:
        return False


def _box(deps: Dependencies, result: Result, spec: ScanSpec, layer: str, x: int, y: int) -> Box | None:
    shape = shape_of(result, layer)
    for axis, place, positions in (("x", x, shape["width"]), ("y", y, shape["height"])):
        if place >= positions:
            raise OutOfRange.at(axis, f"{axis} must be between 0 and {positions - 1} in layer {layer}")
    assert spec.size is not None
    return seen_by(_described(deps, spec.model, layer), x, y, spec.size)


def _described(deps: Dependencies, model: str, layer: str) -> LayerEntry | None:
    """None where the network is gone, or is being described: then all of the image is shown."""
    try:
        layers = deps.catalog.layers(deps.catalog.model(model))
    except (InvalidSpec, CatalogPending):
        return None
    return next((one for one in layers if one.name == layer), None)


def _unfinished(key: str) -> NotFound:
    return NotFound(f"no finished scan here; how far it is: {addresses.scan(key)}")
