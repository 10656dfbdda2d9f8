"""What a scan says of each unit: a line of its result, in the order of layers and channels."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from featurelens.jobs.errors import OutOfRange
from featurelens.jobs.store.pack import UNITS, unpacked_each
from featurelens.jobs.store.result import Result
from featurelens.jobs.store.result_store import ResultStore


def told(store: ResultStore, scan: Result, layer: str, channel: int) -> dict[str, Any] | None:
    """What it says of a unit; None where that is gone. Raises `OutOfRange` for a layer that was not read."""
    return told_each(store, scan, layer, [channel]).get(channel)


def told_each(store: ResultStore, scan: Result, layer: str, channels: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What it says of some units, by channel, as far as that is there. Raises `OutOfRange`."""
    first, _ = units_of(scan, layer)
    lines = unpacked_each(store, scan, UNITS, [first + channel for channel in channels])
    return {number - first: dict(json.loads(line)) for number, line in lines.items()}


def units_of(scan: Result, layer: str) -> tuple[int, int]:
    """The number of the first unit of a layer, and how many it has. Raises `OutOfRange` for one that was not read."""
    first = 0
    for shape in scan.numbers["layers"]:
        if shape["name"] == layer:
            return first, shape["channels"]
        first += shape["channels"]
    raise not_read(scan)


def shape_of(scan: Result, layer: str) -> dict[str, Any]:
    """A layer as it was read: `name`, `channels`, `height`, `width`, `preactivation`. Raises `OutOfRange`."""
    for shape in scan.numbers["layers"]:
        if shape["name"] == layer:
            return dict(shape)
    raise not_read(scan)


def not_read(scan: Result) -> OutOfRange:
    names = ", ".join(one["name"] for one in scan.numbers["layers"])
    return OutOfRange.at("layer", f"this scan has the layers {names}")
