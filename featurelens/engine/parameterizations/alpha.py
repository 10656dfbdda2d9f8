"""Transparency: the optimizer also decides where there should be nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from featurelens.engine.parameterizations.base import Parameterization, Size
from featurelens.engine.parameterizations.fourier import Fourier
from featurelens.engine.parameterizations.spectrum import synthesize


@dataclass(frozen=True)
class Alpha:
    """`base` with a channel of opacity behind the colours, a Fourier picture of its own through a sigmoid.

    The network sees the colours over a random 1/f background, another at every step, so that what need not be there is
    best left out (Mordvintsev et al., Distill 2018, "Differentiable image parameterizations"). Opacity moves as fast as
    in a Fourier picture, however slowly the colours do, and starts where `base.opacity` says.
    """

    base: Parameterization
    decay: float = 1.0
    accumulates_mask: bool = False
    transparent: ClassVar[bool] = True
    steady: ClassVar[bool] = False

    @property
    def channels(self) -> int:
        return self.base.channels + 1

    @property
    def learning_rate(self) -> float:
        return self.base.learning_rate

    @property
    def opacity(self) -> float:
        return self.base.opacity

    def start(self, size: Size, pictures: int, generator: torch.Generator) -> tuple[Tensor, ...]:
        height, width = size
        opacity = torch.randn((pictures, 1, height, width // 2 + 1, 2), generator=generator) * 0.01
        return (opacity / self._gain, *self.base.start(size, pictures, generator))

    def decode(self, parameters: tuple[Tensor, ...], size: Size) -> Tensor:
        opacity, *rest = parameters
        level = math.log(self.base.opacity / (1 - self.base.opacity))
        alpha = torch.sigmoid(synthesize(opacity * self._gain, size, self.decay) + level)
        return torch.cat([self.base.decode(tuple(rest), size), alpha], dim=1)

    @property
    def _gain(self) -> float:
        """By which opacity moves faster than the colours."""
        return Fourier.learning_rate / self.base.learning_rate


def background(size: Size, pictures: int, channels: int, generator: torch.Generator) -> Tensor:
    """(pictures, channels, H, W) in [0, 1]: random 1/f colours, drawn on the CPU."""
    height, width = size
    spectrum = torch.randn((pictures, channels, height, width // 2 + 1, 2), generator=generator)
    spectrum[..., 0, 0, :] = 0
    picture = synthesize(spectrum, size, 1.0)
    spread = picture.square().mean((1, 2, 3), keepdim=True).add(1e-12).sqrt()
    tint = torch.randn((pictures, channels, 1, 1), generator=generator)
    return torch.sigmoid(picture / spread * math.sqrt(0.5) + tint)


def composite(pictures: Tensor, backgrounds: Tensor) -> Tensor:
    """Pictures (B, C + 1, H, W), the last channel their opacity, over backgrounds (B, C, H, W)."""
    colours, alpha = pictures[:, :-1], pictures[:, -1:]
    return colours * alpha + backgrounds * (1 - alpha)
