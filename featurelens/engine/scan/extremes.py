"""The images that rank first, for many units at once, and where in them.

A number and the image it is from make one whole number that orders as both do: by the number first, of equal ones the
image that comes earlier. So there are no ties, and who ranks first does not depend on who came first.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from featurelens.engine.scan.state import State

NOBODY = torch.iinfo(torch.int64).min
"""Ranks behind everybody."""
_LAST = 2**32 - 1


class Example(NamedTuple):
    """What a unit said to an image: its largest value over all positions, and the number of that position."""

    value: float
    image: int
    position: int


class Extremes:
    """The `keep` that rank first in each of some lists of images."""

    def __init__(self, lists: tuple[int, ...], keep: int) -> None:
        self._keys = torch.full((*lists, keep), NOBODY)
        self._positions = torch.zeros((*lists, keep), dtype=torch.int32)

    def add(self, keys: Tensor, positions: Tensor) -> None:
        """`keys` (*lists, B) as `ranked` makes them, `positions` the same shape, of images not seen before."""
        keys = torch.cat([self._keys, keys], -1)
        positions = torch.cat([self._positions, positions], -1)
        self._keys, places = keys.topk(self._keys.shape[-1], -1)
        self._positions = positions.gather(-1, places).masked_fill(self._keys == NOBODY, 0)

    def merge(self, other: Extremes) -> None:
        self.add(other._keys, other._positions)

    def state(self) -> dict[str, Tensor]:
        return {"keys": self._keys, "positions": self._positions}

    def restore(self, state: State) -> None:
        self._keys, self._positions = state["keys"], state["positions"]

    def value(self, *place: int, sign: int = 1) -> list[Example]:
        """One list, the first first. `sign`: -1 where what was ranked was the opposite of what the unit said."""
        keys, positions = self._keys[place], self._positions[place]
        values, images = unranked(keys)
        found = zip(keys.tolist(), (values * sign).tolist(), images.tolist(), positions.tolist(), strict=True)
        return [Example(value + 0.0, image, position) for key, value, image, position in found if key != NOBODY]


def ranked(values: Tensor, images: Tensor) -> Tensor:
    """int64 that order as `values` float32 do, of equal ones the lower of `images` (0 to 2^32 - 1) first."""
    bits = (values + 0.0).view(torch.int32)  # there is a zero below zero
    ordered = bits ^ ((bits >> 31) & 0x7FFFFFFF)
    return (ordered.long() << 32) | (_LAST - images)


def unranked(keys: Tensor) -> tuple[Tensor, Tensor]:
    """The values and images of which `ranked` made `keys`."""
    ordered = (keys >> 32).int()
    values = (ordered ^ ((ordered >> 31) & 0x7FFFFFFF)).view(torch.float32)
    return values, _LAST - (keys & _LAST)
