"""A Laplacian pyramid: a sum of pictures at falling resolutions, so that coarse structure moves together."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from featurelens.engine.color import correlate
from featurelens.engine.parameterizations.base import Plain, Size


@dataclass(frozen=True)
class Laplacian(Plain):
    """sigmoid of the sum of `levels` pictures at 1/1, 1/2, 1/4, ... of the size (lucid, `laplacian_pyramid_image`)."""

    channels: int = 3
    levels: int = 4
    deviation: float = 0.1
    decorrelate: bool = True
    learning_rate: float = 0.05

    @property
    def steady(self) -> bool:
        return True

    def start(self, size: Size, pictures: int, generator: torch.Generator) -> tuple[Tensor, ...]:
        return tuple(
            torch.randn((pictures, self.channels, *_reduced(size, level)), generator=generator) * self.deviation
            for level in range(self.levels)
        )

    def decode(self, parameters: tuple[Tensor, ...], size: Size) -> Tensor:
        picture = parameters[0]
        for level in parameters[1:]:
            picture = picture + F.interpolate(level, size=size, mode="bilinear", align_corners=False)
        return torch.sigmoid(correlate(picture) if self.decorrelate else picture)


def _reduced(size: Size, level: int) -> Size:
    height, width = size
    return max(1, height >> level), max(1, width >> level)
