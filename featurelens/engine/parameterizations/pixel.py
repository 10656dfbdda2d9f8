"""Plain pixels: what every other parameterization is compared with."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from featurelens.engine.color import correlate
from featurelens.engine.parameterizations.base import Plain, Size


@dataclass(frozen=True)
class Pixel(Plain):
    """sigmoid of N(0, deviation) pixels; without preconditioning high frequencies win (Olah et al. 2017)."""

    channels: int = 3
    deviation: float = 0.01
    decorrelate: bool = False
    learning_rate: float = 0.05

    @property
    def steady(self) -> bool:
        return True

    def start(self, size: Size, pictures: int, generator: torch.Generator) -> tuple[Tensor, ...]:
        return (torch.randn((pictures, self.channels, *size), generator=generator) * self.deviation,)

    def decode(self, parameters: tuple[Tensor, ...], size: Size) -> Tensor:
        (pixels,) = parameters
        return torch.sigmoid(correlate(pixels) if self.decorrelate else pixels)
