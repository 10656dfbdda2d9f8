"""A picture that starts from a photograph and moves away from it (feature accentuation, DeepDream)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from featurelens.engine.color import correlate
from featurelens.engine.parameterizations.base import Plain, Size
from featurelens.engine.parameterizations.spectrum import TRANSFORMED_ALIKE, synthesize


@dataclass(frozen=True, eq=False)
class Photograph(Plain):
    """sigmoid(logit(photo) + correlate(spectrum)): at the start, where the spectrum is nothing, it is the photograph.

    `photo` is (channels, H, W) in [0, 1], at the size of the picture.
    """

    photo: Tensor
    decay: float = 1.0
    learning_rate: float = 0.05

    @property
    def channels(self) -> int:
        return self.photo.shape[0]

    @property
    def steady(self) -> bool:
        return self.channels >= TRANSFORMED_ALIKE

    def start(self, size: Size, pictures: int, generator: torch.Generator) -> tuple[Tensor, ...]:
        height, width = size
        if tuple(self.photo.shape[1:]) != size:
            raise ValueError(f"the photograph is {tuple(self.photo.shape[1:])}, the picture {size}")
        return (torch.zeros(pictures, self.channels, height, width // 2 + 1, 2),)

    def decode(self, parameters: tuple[Tensor, ...], size: Size) -> Tensor:
        (spectrum,) = parameters
        # Pure black and white have no finite logit.
        base = torch.logit(self.photo.to(spectrum), eps=0.01)
        return torch.sigmoid(base + correlate(synthesize(spectrum, size, self.decay)))
