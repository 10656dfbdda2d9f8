"""Directions in a layer's activation space: every weighted mixture of channels is as good a unit as a channel."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from featurelens.engine.objectives.base import Plain, Readings, Sign, at, climbed, direction

_FLOOR = 0.1
"""Lowest cosine that counts: below it nothing would pull the activations towards the direction (lucid)."""


def dot_cosine(maps: Tensor, vectors: Tensor, power: float) -> Tensor:
    """Mean over positions of (A . v) * max(0.1, cos(A, v)) ** power; `maps` (B, C, H, W), `vectors` broadcast to it.

    Power 0 is the plain dot product (lucid, `direction`; the angled form of captum has power 4).
    """
    dot = (maps * vectors).sum(1)
    if power == 0:
        return dot.mean((1, 2))
    # The epsilon stands under the root: the gradient of a norm at zero is not a number.
    norms = (maps.square().sum(1) + 1e-12).sqrt() * (vectors.square().sum(1) + 1e-12).sqrt()
    return (dot * (dot / norms).clamp(min=_FLOOR) ** power).mean((1, 2))


@dataclass(frozen=True)
class Direction(Plain):
    """A direction given by `vector`, one number per channel; over all positions, or at one when `x` or `y` is given."""

    layer: str
    vector: tuple[float, ...]
    sign: Sign = "positive"
    power: float = 0.0
    x: int | None = None
    y: int | None = None
    positioned: bool = False

    @property
    def layers(self) -> tuple[str, ...]:
        return (self.layer,)

    def score(self, readings: Readings) -> Tensor:
        maps = climbed(readings[self.layer], self.sign).float()
        if maps.shape[1] != len(self.vector):
            raise ValueError(f"layer {self.layer} has {maps.shape[1]} channels, the vector {len(self.vector)}")
        if self.positioned:
            maps = at(maps, self.x, self.y)[:, :, None, None]
        vector = torch.tensor(self.vector, device=maps.device).view(1, -1, 1, 1) * direction(self.sign)
        return dot_cosine(maps, vector, self.power)

    def measure(self, readings: Readings) -> dict[str, Tensor]:
        plain = Direction(self.layer, self.vector, "positive", 0.0, self.x, self.y, self.positioned)
        return {"activation": plain.score(readings)}


def random_direction(channels: int, seed: int) -> tuple[float, ...]:
    """A named random direction: uniform on the unit sphere, the same for the same seed for ever."""
    vector = torch.randn(channels, generator=torch.Generator().manual_seed(seed))
    values: list[float] = (vector / vector.norm()).tolist()
    return tuple(values)
