"""Reads single arrays, and parts of them, of a file in the safetensors format, without what else is in it.

The format (https://github.com/huggingface/safetensors): a length of 8 bytes, as much JSON that tells name, type, shape
and place of every array, then their bytes, little-endian, C order.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from typing import NamedTuple

from featurelens.jobs.errors import NotReady

FILE_NAME = "maps.safetensors"
"""The file of a job of the kind `maps`."""

ATTRIBUTION_NAME = "attribution.safetensors"
"""That of the kind `attribution`."""

_LENGTH = struct.Struct("<Q")
_SIZES = {"F32": 4, "U8": 1}

_AT_ONCE = 4 << 20
"""Bytes read together where only some of them are wanted."""


class Place(NamedTuple):
    """Where an array is in the file, and what it is."""

    type: str
    shape: tuple[int, ...]
    start: int


class MapFile:
    """Reads through `read`, which answers with `length` bytes from `start`, or None where the file has gone.

    Raises `KeyError` for an array that is not there, and `NotReady` when the file has gone.
    """

    def __init__(self, read: Callable[[int, int], bytes | None]) -> None:
        self._read = read
        (length,) = _LENGTH.unpack(self._bytes(0, _LENGTH.size))
        header = json.loads(self._bytes(_LENGTH.size, length))
        header.pop("__metadata__", None)
        begin = _LENGTH.size + length
        self.places = {
            name: Place(told["dtype"], tuple(told["shape"]), begin + told["data_offsets"][0])
            for name, told in header.items()
        }

    def shape(self, name: str) -> tuple[int, ...]:
        return self.places[name].shape

    def array(self, name: str, index: int | None = None) -> bytes:
        """The bytes of an array, or of its part at `index` of the first axis."""
        place = self.places[name]
        shape = place.shape if index is None else place.shape[1:]
        length = math.prod(shape) * _SIZES[place.type]
        return self._bytes(place.start + (index or 0) * length, length)

    def floats(self, name: str, index: int | None = None) -> list[float]:
        """The same as numbers."""
        content = self.array(name, index)
        return list(struct.unpack(f"<{len(content) // 4}f", content))

    def column(self, name: str, position: int) -> list[float]:
        """Of maps (C, ...) in float32: what every channel says at `position`, counted through all other axes."""
        place = self.places[name]
        channels, *rest = place.shape
        step = 4 * math.prod(rest)
        together = max(1, _AT_ONCE // step)
        found: list[float] = []
        for first in range(0, channels, together):
            number = min(together, channels - first)
            content = self._bytes(place.start + first * step, number * step)
            found += (struct.unpack_from("<f", content, step * one + 4 * position)[0] for one in range(number))
        return found

    def _bytes(self, start: int, length: int) -> bytes:
        content = self._read(start, length)
        if content is None:
            raise NotReady("these maps have just been deleted; ask again")
        return content
