"""Aligned strips: each picture its own spectrum, plus coarse pictures that all of them share."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from featurelens.engine.color import correlate
from featurelens.engine.parameterizations.base import Plain, Size
from featurelens.engine.parameterizations.spectrum import pace, synthesize


@dataclass(frozen=True)
class Shared(Plain):
    """Fourier, with tensors of 1/4, 1/8, ... of the size shared along the strip (lucid, `lowres_tensor`).

    What is shared moves together, so that neighbours differ in what must differ and agree in layout.
    """

    pictures: int
    channels: int = 3
    decay: float = 1.25
    deviation: float = 0.01
    reductions: tuple[int, ...] = (4, 8, 16)
    strength: float = 1.0
    learning_rate: float = 0.05

    def start(self, size: Size, pictures: int, generator: torch.Generator) -> tuple[Tensor, ...]:
        if pictures != self.pictures:
            raise ValueError(f"this parameterization is for strips of {self.pictures} pictures, not {pictures}")
        height, width = size
        own = torch.randn((pictures, self.channels, height, width // 2 + 1, 2), generator=generator) * self.deviation
        coarse = [
            torch.randn((1, self.channels, max(2, height // by), max(2, width // by)), generator=generator) * 0.1
            for by in self.reductions
        ]
        return (own, *coarse)

    def decode(self, parameters: tuple[Tensor, ...], size: Size) -> Tensor:
        own, *coarse = parameters
        common = torch.zeros((), device=own.device)
        for level in coarse:
            common = common + F.interpolate(level, size=size, mode="bicubic", align_corners=False)
        apart = synthesize(own, size, self.decay, pace(size, self.decay))
        return torch.sigmoid(correlate(apart + self.strength * common.repeat_interleave(self.pictures, dim=0)))
