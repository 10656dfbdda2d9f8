"""A sample of the images, the same for all units, with all that every unit said to them.

An image is in the sample if the number that its own number is mixed up to is among the smallest: a fair draw, whatever
order and parts the images come in ("bottom-k", Cohen and Kaplan 2007). Where there are no more images than the sample
holds, it is all of them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from featurelens.engine.scan.state import State

SIZE = 512
_MASK = 2**64 - 1


class Sample:
    """Of `SIZE` images, what `units` units said."""

    def __init__(self, units: int) -> None:
        self.images = torch.zeros(0, dtype=torch.int64)
        """(n,) in the order of their draw."""
        self.values = torch.zeros(0, units)
        """(n, units)"""
        self.positions = torch.zeros(0, units, dtype=torch.int32)
        """(n, units)"""

    def add(self, images: Tensor, values: Tensor, positions: Tensor) -> None:
        """`images` (B,) not seen before, `values` and `positions` (B, units)."""
        if len(self.images) == SIZE:
            last = _drawn(int(self.images[-1]))
            fresh = [row for row, image in enumerate(images.tolist()) if _drawn(image) < last]
            if not fresh:
                return
            images, values, positions = images[fresh], values[fresh], positions[fresh]
        every = torch.cat([self.images, images])
        draws = [_drawn(image) for image in every.tolist()]
        chosen = sorted(range(len(every)), key=draws.__getitem__)[:SIZE]
        self.images = every[chosen]
        self.values = torch.cat([self.values, values])[chosen]
        self.positions = torch.cat([self.positions, positions])[chosen]

    def merge(self, other: Sample) -> None:
        self.add(other.images, other.values, other.positions)

    def state(self) -> dict[str, Tensor]:
        return {"images": self.images, "values": self.values, "positions": self.positions}

    def restore(self, state: State) -> None:
        self.images, self.values, self.positions = state["images"], state["values"], state["positions"]


def _drawn(image: int) -> int:
    """64 bits, other ones for every image (the finalizer of SplitMix64: Steele, Lea, Flood 2014)."""
    mixed = (image + 0x9E3779B97F4A7C15) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return mixed ^ (mixed >> 31)
