"""The default: a picture as its spectrum, scaled so that all frequencies are equally easy to move."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from featurelens.engine.color import correlate
from featurelens.engine.parameterizations.base import Plain, Size
from featurelens.engine.parameterizations.spectrum import TRANSFORMED_ALIKE, pace, synthesize


@dataclass(frozen=True)
class Fourier(Plain):
    """sigmoid(correlate(pace * irfft2(scale * spectrum) / 4)), the natural-picture prior of Olah et al. 2017.

    `decay` (0 to 3) is how much faster low frequencies move than high ones, `deviation` the standard deviation of the
    starting coefficients, `decorrelate` whether colours are moved along ImageNet's principal axes.
    """

    channels: int = 3
    decay: float = 1.25
    deviation: float = 0.01
    decorrelate: bool = True
    learning_rate: float = 0.05

    @property
    def steady(self) -> bool:
        return self.channels >= TRANSFORMED_ALIKE

    def start(self, size: Size, pictures: int, generator: torch.Generator) -> tuple[Tensor, ...]:
        height, width = size
        shape = (pictures, self.channels, height, width // 2 + 1, 2)
        return (torch.randn(shape, generator=generator) * self.deviation,)

    def decode(self, parameters: tuple[Tensor, ...], size: Size) -> Tensor:
        (spectrum,) = parameters
        picture = synthesize(spectrum, size, self.decay, pace(size, self.decay))
        return torch.sigmoid(correlate(picture) if self.decorrelate else picture)
