"""What can be looked at of a layer's maps: one of them, the top ones, what a head attends to. All of it blocks."""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from featurelens.jobs.errors import NotFound, OutOfRange
from featurelens.service.map_pictures import Plane, drawn, encoded, laid_over, photograph_in, sheet
from featurelens.service.map_requests import LayerMaps
from featurelens.service.npy import npy
from featurelens.service.schemas.map_numbers import MapNumbers, TopUnits
from featurelens.service.schemas.maps import Value
from featurelens.service.thumbnails import SHEET_WIDTH

MapFormat = Literal["png", "webp", "npy", "json"]
SheetFormat = Literal["png", "webp", "json"]
Scale = Literal["map", "layer"]
By = Literal["maximum", "minimum", "mean"]

MEDIA_TYPES = {"png": "image/png", "webp": "image/webp", "npy": "application/octet-stream", "json": "application/json"}

MOST_NUMBERS = 4096
"""Of a map in JSON; larger ones are taken as npy."""

_DRAWING = 2
"""Rises when the same map is drawn otherwise: pictures are kept."""

_TILE = 96
"""Pixels that a map on a sheet is wide, as far as there is room."""


@dataclass(frozen=True)
class Look:
    """How a map is to be shown."""

    format: MapFormat = "png"
    over: Literal["photo"] | None = None
    width: int | None = None
    position: tuple[int, int] | None = None
    """(x, y) to be framed."""


@dataclass(frozen=True)
class Shown:
    """An answer whose body is still to be made; `decisive` is all that decides it, in words."""

    format: MapFormat
    headers: dict[str, str]
    make: Callable[[], bytes]
    decisive: str

    @property
    def name(self) -> str:
        """Of the picture, where pictures are kept."""
        return f"{hashlib.sha256(self.decisive.encode()).hexdigest()}-map.{self.format}"


def one_map(maps: LayerMaps, channel: int, value: Value, scale: Scale, look: Look) -> Shown:
    """The map of a channel. Raises `NotFound` for no such channel, `OutOfRange` for anything else there is not."""
    job = maps.job
    _check_value(maps, value)
    if not 0 <= channel < (job.channels or 0):
        raise NotFound(f"layer {job.spec.layer} has the units 0 to {(job.channels or 1) - 1}")
    plane = _plane(maps, channel, value, _layer_scale(maps, value) if scale == "layer" else None)
    return _shown(maps, plane, channel, value, look)


def attention(maps: LayerMaps, head: int, query: tuple[int, int] | None, look: Look) -> Shown:
    """What the token at `query` (x, y), or else the first one, attends to in one head, laid out like the picture."""
    told, tokens = maps.job.attention, maps.job.tokens
    laid_out = 0 if tokens is None else tokens.first + tokens.height * tokens.width
    if told is None or tokens is None or {told.queries, told.keys} != {laid_out}:
        detail = "what it attends to is known of torch.nn.MultiheadAttention alone, on tokens that lie on the picture"
        raise NotFound(f"layer {maps.job.spec.layer} has no attention, or not one that is known: {detail}")
    if not 0 <= head < told.heads:
        raise NotFound(f"it has the heads 0 to {told.heads - 1}")
    if query is None and not tokens.first:
        raise OutOfRange.at("x", "this network has no class token: name the token that attends with x and y")
    token = 0 if query is None else tokens.first + query[1] * tokens.width + query[0]
    numbers = maps.file.floats("attention", head)[token * told.keys : (token + 1) * told.keys]
    rest = numbers[tokens.first :]
    plane = Plane(struct.pack(f"<{len(rest)}f", *rest), tokens.height, tokens.width, max(rest))
    return _shown(maps, plane, head, "attention", look, first=numbers[: tokens.first])


def top(maps: LayerMaps, value: Value, by: By, count: int) -> TopUnits:
    """The units whose maps have the largest maximum or mean, or the smallest minimum; ties in the order of channels."""
    _check_value(maps, value)
    told = maps.file.floats(f"{value}.{by}")
    sign = 1 if by == "minimum" else -1
    best = sorted(range(len(told)), key=lambda channel: (sign * told[channel], channel))[:count]
    found = [told[channel] for channel in best]
    return TopUnits(layer=maps.job.spec.layer, value=value, by=by, channels=best, values=found)


def top_sheet(
    maps: LayerMaps, value: Value, by: By, count: int, scale: Scale, over: Literal["photo"] | None, format: SheetFormat
) -> Shown:
    """Their maps side by side, the first at the top left, each with its number."""
    units = top(maps, value, by, count)
    largest = _layer_scale(maps, value) if scale == "layer" else None
    headers = {
        "Featurelens-Value": value,
        "Featurelens-Channels": ",".join(map(str, units.channels)),
        "Featurelens-Scale": "map" if largest is None else repr(largest),
    }

    def make() -> bytes:
        if format == "json":
            return units.model_dump_json().encode()
        columns = math.ceil(math.sqrt(len(units.channels)))
        width = min(_TILE * 2 if over else _TILE, SHEET_WIDTH // columns)
        planes = [(channel, _plane(maps, channel, value, largest)) for channel in units.channels]
        if over:
            shown, geometry = photograph_in(maps.file), maps.geometry
            tiles = [(channel, laid_over(plane, shown, geometry, width)) for channel, plane in planes]
        else:
            tiles = [(channel, drawn(plane, width, (width, width))) for channel, plane in planes]
        return encoded(sheet(tiles, columns), format)

    return Shown(format, headers, make, repr((_DRAWING, maps.job.key, maps.geometry, headers, over)))


def check_position(maps: LayerMaps, x: int | None, y: int | None) -> tuple[int, int] | None:
    """(x, y) of a feature map, or None. Raises `OutOfRange` for half of one, or one that is not there."""
    if x is None and y is None:
        return None
    if x is None or y is None:
        raise OutOfRange.at("x" if x is None else "y", "a position has x and y: name both, or none")
    for axis, place, positions in (("x", x, maps.job.width or 1), ("y", y, maps.job.height or 1)):
        if place >= positions:
            valid = f"between 0 and {positions - 1}" if positions > 1 else "0"
            raise OutOfRange.at(axis, f"{axis} must be {valid}: it counts positions of the feature map")
    return x, y


def _check_value(maps: LayerMaps, value: Value) -> None:
    if value not in (maps.job.values or {}):
        raise OutOfRange.at("value", f"layer {maps.job.spec.layer} does not end in ReLU: it has its activation only")


def _layer_scale(maps: LayerMaps, value: Value) -> float:
    span = (maps.job.values or {})[value]
    return max(abs(span.minimum), abs(span.maximum))


def _plane(maps: LayerMaps, channel: int, value: Value, largest: float | None) -> Plane:
    """`largest` left out is that of the map itself."""
    if largest is None:
        largest = max(abs(maps.file.floats(f"{value}.{end}")[channel]) for end in ("minimum", "maximum"))
    return Plane(maps.file.array(value, channel), maps.job.height or 1, maps.job.width or 1, largest)


def _shown(
    maps: LayerMaps, plane: Plane, channel: int, value: str, look: Look, first: list[float] | None = None
) -> Shown:
    headers = {"Featurelens-Value": value, "Featurelens-Scale": repr(plane.largest)}
    if look.position is not None:
        seen = maps.geometry.field(*look.position)
        headers["Featurelens-Receptive-Field"] = "undefined" if seen is None else ",".join(f"{edge:g}" for edge in seen)

    def make() -> bytes:
        if look.format == "npy":
            return npy(plane.content, (plane.height, plane.width))
        if look.format == "json":
            return _numbers(maps, plane, channel, value, first).model_dump_json().encode()
        if look.over:
            image = laid_over(plane, photograph_in(maps.file), maps.geometry, look.width, look.position)
        else:
            image = drawn(plane, look.width, maps.geometry.size, look.position)
        return encoded(image, look.format)

    return Shown(look.format, headers, make, repr((_DRAWING, maps.job.key, maps.geometry, headers, channel, look)))


def _numbers(maps: LayerMaps, plane: Plane, channel: int, value: str, first: list[float] | None) -> BaseModel:
    if plane.height * plane.width > MOST_NUMBERS:
        detail = f"as JSON there are maps of up to {MOST_NUMBERS} positions; this one has {plane.height}x{plane.width}"
        raise OutOfRange.at("format", f"{detail}: take it as npy")
    numbers = struct.unpack(f"<{plane.height * plane.width}f", plane.content)
    return MapNumbers(
        layer=maps.job.spec.layer,
        channel=channel,
        value=value,
        height=plane.height,
        width=plane.width,
        minimum=min(numbers),
        maximum=max(numbers),
        rows=[list(numbers[row * plane.width : (row + 1) * plane.width]) for row in range(plane.height)],
        first=first,
    )
