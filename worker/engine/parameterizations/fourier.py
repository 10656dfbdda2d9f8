"""The default: a picture as its spectrum, scaled so that all frequencies are equally easy to move."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from worker.engine.color import correlate
from worker.engine.parameterizations.base import Size


@lru_cache(maxsize=64)
def _scale(size: Size, decay: float, device: torch.device) -> Tensor:
    """(H, W // 2 + 1): sqrt(h w) / max(f, 1 / max(h, w)) ** decay, f in cycles per pixel (lucid)."""
    height, width = size
    rows = torch.fft.fftfreq(height).abs().unsqueeze(1)
    columns = torch.fft.rfftfreq(width).unsqueeze(0)
    frequency = (rows.square() + columns.square()).sqrt().clamp(min=1 / max(size))
    scale: Tensor = math.sqrt(height * width) / frequency**decay
    return scale.to(device)


@dataclass(frozen=True)
class Fourier:
    """sigmoid(correlate(irfft2(scale * spectrum) / 4)), the natural-picture prior of Olah et al. 2017.

    `decay` is how much faster low frequencies move than high ones, `deviation` the standard deviation of the starting
    coefficients, `decorrelate` whether colours are moved along ImageNet's principal axes.
    """

    channels: int = 3
    decay: float = 1.0
    deviation: float = 0.01
    decorrelate: bool = True
    learning_rate: float = 0.05

    def start(self, size: Size, generator: torch.Generator) -> tuple[Tensor, ...]:
        height, width = size
        return (torch.randn(self.channels, height, width // 2 + 1, 2, generator=generator) * self.deviation,)

    def decode(self, parameters: tuple[Tensor, ...], size: Size) -> Tensor:
        (spectrum,) = parameters
        scaled = torch.view_as_complex(spectrum.contiguous()) * _scale(size, self.decay, spectrum.device)
        # Odd widths: the half spectrum alone does not say whether the width was even.
        picture = torch.fft.irfft2(scaled, s=size) / 4
        return torch.sigmoid(correlate(picture) if self.decorrelate else picture)
