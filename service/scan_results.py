"""Finished scans: what they say of units, and the images that they name."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from featurelens.jobs import addresses
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.errors import InvalidSpec, NotFound, OutOfRange
from featurelens.jobs.spec.base import Sign
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.store.pack import THUMBNAILS, UNITS, unpacked, unpacked_from
from featurelens.jobs.store.result import Result
from featurelens.service import found_scans
from featurelens.service.crops import cut, seen_by
from featurelens.service.dependencies import Dependencies
from featurelens.service.found_scans import Found
from featurelens.service.pictured_units import Pictured, pictured
from featurelens.service.scan_lines import shape_of, units_of
from featurelens.service.schemas.comparison import ComparisonSort
from featurelens.service.schemas.examples import Examples
from featurelens.service.schemas.scanned_units import BY_PICTURE, ScannedUnit, Sort
from featurelens.service.thumbnails import Format


def examples(deps: Dependencies, entry: ModelEntry, layer: LayerEntry, channel: int, dataset: str | None) -> Examples:
    """What the latest scan with this layer says of a unit.

    One of the network as it is now before one of its former weights, of these one of the data set as it is now before
    any other. Raises `NotFound`, and tells how to ask for one.
    """
    return _examples(deps, found_scans.telling(deps, entry, layer, dataset), layer, channel)


def examples_if_any(
    deps: Dependencies, entry: ModelEntry, layer: LayerEntry, channel: int, dataset: str | None
) -> Examples | None:
    """The same of the network as it is now; None where no finished scan has this layer."""
    found = found_scans.scan_of(deps, entry, layer.name, dataset)
    return None if found is None else _examples(deps, found, layer, channel)


class Crop(NamedTuple):
    """A picture. `lasting`: it stays as it is; a whole image in place of a crop may become one."""

    content: bytes
    lasting: bool


def crop(deps: Dependencies, key: str, image: int, position: tuple[str, int, int] | None, format: Format) -> Crop:
    """What `position` (layer, x, y) sees of an image that the scan names, or all of that.

    Raises `NotFound`, `OutOfRange` for a position that there is not, or `CatalogPending` while nobody knows what it
    sees.
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
    if position is None:
        return Crop(cut(webp, None, spec.size, format), lasting=True)
    layer, x, y = position
    _check(result, layer, x, y)
    entry = _described(deps, spec.model, layer)
    return Crop(cut(webp, seen_by(entry, x, y, spec.size), spec.size, format), lasting=entry is not None)


def units(
    deps: Dependencies, key: str, layer: str | None, image: int | None, sort: Sort, sign: Sign
) -> tuple[str, list[ScannedUnit]]:
    """The layer, by default the first, and its units; with `image`, those among whose strongest images it is.

    With pictures of `sign` where these are what is to be sorted by. Raises `NotFound`, or `OutOfRange` for a layer that
    was not read.
    """
    result = deps.store.get(key)
    if result is None:
        raise _unfinished(key)
    chosen = layer or str(result.numbers["layers"][0]["name"])
    lines = [json.loads(line) for line in unpacked_from(deps.store, result, UNITS, *units_of(result, chosen))]
    spec = result.spec
    assert isinstance(spec, ScanSpec)
    found = [one for line in lines if (one := ScannedUnit.of(spec.model, line, image)) is not None]
    if sort in BY_PICTURE:
        alike = sort if sort in ("likeness", "likeness_of_means") else None
        pictures = pictured(deps, result, chosen, sign, lines, alike)
        found = [_beside(one, pictures.get(one.channel), alike) for one in found]
    return chosen, found


def _beside(unit: ScannedUnit, picture: Pictured | None, alike: ComparisonSort | None) -> ScannedUnit:
    if picture is None:
        return unit
    return unit.with_picture(picture.key, picture.evidence, **({alike: picture.likeness} if alike else {}))


def _examples(deps: Dependencies, found: Found, layer: LayerEntry, channel: int) -> Examples:
    line, shown = found_scans.line_of(deps, found, layer, channel), deps.settings.dataset_crops
    return Examples.of(found.result, line, current=found.current, same=found.same_network, crops=shown)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _check(result: Result, layer: str, x: int, y: int) -> None:
    shape = shape_of(result, layer)
    for axis, place, positions in (("x", x, shape["width"]), ("y", y, shape["height"])):
        if place >= positions:
            raise OutOfRange.at(axis, f"{axis} must be between 0 and {positions - 1} in layer {layer}")


def _described(deps: Dependencies, model: str, layer: str) -> LayerEntry | None:
    """None where the network is gone: then all of the image is shown. Raises `CatalogPending`."""
    try:
        layers = deps.catalog.layers(deps.catalog.model(model))
    except InvalidSpec:
        return None
    return next((one for one in layers if one.name == layer), None)


def _unfinished(key: str) -> NotFound:
    return NotFound(f"no finished scan here; how far it is: {addresses.scan(key)}")
