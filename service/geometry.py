"""Where the positions of a feature map lie on the picture that the network was shown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from featurelens.jobs.catalog.entries import LayerEntry


class Box(NamedTuple):
    """In pixels of the picture, the right and lower edges excluded; it may reach beyond the picture, into padding."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Geometry:
    """Of maps of `positions` (rows, columns) on a picture of `size` (height, width).

    Where the catalog knows the receptive fields of `layer`, a position lies in the middle of its field, as wide as the
    next one is far; else, as for tokens, the positions share the picture equally.
    """

    layer: LayerEntry
    positions: tuple[int, int]
    size: tuple[int, int]

    @property
    def known(self) -> bool:
        """Whether receptive fields are."""
        return None not in (self.layer.receptive_field, self.layer.stride, self.layer.start)

    @property
    def steps(self) -> tuple[float, float]:
        """Pixels from one position to the next, down and across."""
        if self.known and self.layer.stride is not None:
            return self.layer.stride
        return self.size[0] / self.positions[0], self.size[1] / self.positions[1]

    @property
    def offsets(self) -> tuple[float, float]:
        """Where the first position begins, from the top and from the left."""
        start, field = self.layer.start, self.layer.receptive_field
        if not self.known or start is None or field is None:
            return 0.0, 0.0
        middle = [begin + side / 2 - step / 2 for begin, side, step in zip(start, field, self.steps, strict=True)]
        return middle[0], middle[1]

    def cell(self, x: int, y: int) -> Box:
        """What the position covers of the picture."""
        (top, left), (down, across) = self.offsets, self.steps
        return Box(left + x * across, top + y * down, left + (x + 1) * across, top + (y + 1) * down)

    def field(self, x: int, y: int) -> Box | None:
        """What the position sees of the picture; None: not defined, as after attention."""
        start, field, stride = self.layer.start, self.layer.receptive_field, self.layer.stride
        if start is None or field is None or stride is None:
            return None
        top, left = start[0] + y * stride[0], start[1] + x * stride[1]
        return Box(left, top, left + field[1], top + field[0])

    def position(self, x: int, y: int) -> tuple[int, int]:
        """Column and row of the position that covers the pixel, the nearest where none does."""
        found = []
        for pixel, offset, step, number in zip((y, x), self.offsets, self.steps, self.positions, strict=True):
            found.append(min(max(math.floor((pixel + 0.5 - offset) / step), 0), number - 1))
        return found[1], found[0]
