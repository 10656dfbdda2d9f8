"""Transformation robustness: the picture is looked at a little shifted, scaled and rotated, anew at every step.

All of it is ONE affine resampling per step, each picture with its own draw, and what comes into view from outside is
the picture's own reflection, so that no grey border is ever optimized against.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from featurelens.engine.parameterizations import Size


@dataclass(frozen=True)
class Transform:
    """Ranges of the random draw, each settable to nothing.

    `jitter` in pixels either way (of a picture of 224; in proportion at other sizes), `scale` a factor (low, high),
    `rotate` in degrees either way. `crop` looks at a random square of (low, high) times the shorter side instead of
    the whole, its centre drawn around the middle (MaCo: N(0.5, 0.15)); `views` is how many draws are looked at per
    step; `noise` is the standard deviation of normal noise, with as much uniform noise again.
    """

    jitter: float = 16.0
    scale: tuple[float, float] = (0.9, 1.1)
    rotate: float = 10.0
    crop: tuple[float, float] | None = None
    views: int = 1
    noise: float = 0.0

    def draw(self, size: Size, rows: int, generator: torch.Generator) -> Tensor:
        """(rows, 2, 3), see `affine`, from numbers of `generator`."""
        return self.affine(size, draw_numbers(rows, generator))

    def affine(self, size: Size, numbers: Tensor) -> Tensor:
        """(rows, 2, 3): from output to input coordinates, both in [-1, 1] (see `torch.nn.functional.affine_grid`).

        `numbers` (rows, 7) are what `draw_numbers` draws; rows do not depend on each other.
        """
        height, width = size
        zoom = 1 / _between(self.scale, numbers[:, 0])
        shift = numbers[:, 2:4] * (self.jitter * 2 / 224)
        if self.crop is not None:
            side = _between(self.crop, numbers[:, 4])
            # The centre stays where the window stays inside the picture.
            shift = shift + (numbers[:, 5:7] * 0.3).clamp(-1, 1).clamp((side - 1)[:, None], (1 - side)[:, None])
            zoom = zoom * side
        angle = numbers[:, 1] * math.radians(self.rotate)
        cosine, sine = angle.cos() * zoom, angle.sin() * zoom
        # Rotation is rigid in pixels; normalized coordinates of a picture that is not square need the side ratio.
        flat = [cosine, -sine * height / width, shift[:, 0], sine * width / height, cosine, shift[:, 1]]
        return torch.stack(flat, dim=1).view(-1, 2, 3)


def draw_numbers(rows: int, generator: torch.Generator, times: int = 1) -> Tensor:
    """(times * rows, 7): five uniform in [-1, 1] for scale, angle, shifts and crop, two normal for the centre of the
    crop; as they come when so many rows are drawn so many times.
    """
    drawn = [
        (torch.rand(rows, 5, generator=generator), torch.randn(rows, 2, generator=generator)) for _ in range(times)
    ]
    uniform, normal = (torch.cat(parts) for parts in zip(*drawn, strict=True))
    return torch.cat([uniform * 2 - 1, normal], dim=1)


NOTHING = Transform(jitter=0.0, scale=(1.0, 1.0), rotate=0.0)


def _between(bounds: tuple[float, float], uniform: Tensor) -> Tensor:
    """From [-1, 1] to [low, high]."""
    low, high = bounds
    return (low + high) / 2 + uniform * (high - low) / 2


def add_noise(pictures: Tensor, deviation: float, generator: torch.Generator) -> Tensor:
    """Not clamped, so that the gradient lives everywhere."""
    return pictures + noise(pictures.shape, deviation, generator).to(pictures)


def noise(shape: Sequence[int], deviation: float, generator: torch.Generator) -> Tensor:
    """Normal noise and uniform noise of the same size (MaCo)."""
    drawn = torch.randn(shape, generator=generator) + torch.rand(shape, generator=generator) - 0.5
    return deviation * drawn
