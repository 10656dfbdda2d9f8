"""Transformation robustness: the picture is looked at a little shifted, scaled and rotated, anew at every step.

All of it is ONE affine resampling per step, each picture with its own draw, and what comes into view from outside is
the picture's own reflection, so that no grey border is ever optimized against.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from worker.engine.parameterizations import Size


@dataclass(frozen=True)
class Transform:
    """Ranges of the random draw: `jitter` in pixels either way, `scale` a factor (low, high), `rotate` in degrees."""

    jitter: float = 16.0
    scale: tuple[float, float] = (0.9, 1.1)
    rotate: float = 10.0

    def draw(self, size: Size, rows: int, generator: torch.Generator) -> Tensor:
        """(rows, 2, 3): from output to input coordinates, both in [-1, 1] (see `torch.nn.functional.affine_grid`)."""
        height, width = size
        uniform = torch.rand(rows, 4, generator=generator) * 2 - 1
        low, high = self.scale
        zoom = (low + high) / 2 + uniform[:, 0] * (high - low) / 2
        angle = uniform[:, 1] * math.radians(self.rotate)
        cosine, sine = angle.cos() / zoom, angle.sin() / zoom
        shift_x = uniform[:, 2] * self.jitter * 2 / width
        shift_y = uniform[:, 3] * self.jitter * 2 / height
        # Rotation is rigid in pixels; normalized coordinates of a picture that is not square need the side ratio.
        return torch.stack(
            [
                torch.stack([cosine, -sine * height / width, shift_x], dim=1),
                torch.stack([sine * width / height, cosine, shift_y], dim=1),
            ],
            dim=1,
        )

    @property
    def is_identity(self) -> bool:
        return self.jitter == 0 and self.rotate == 0 and self.scale == (1.0, 1.0)


NOTHING = Transform(jitter=0.0, scale=(1.0, 1.0), rotate=0.0)


def resample(pictures: Tensor, affine: Tensor) -> Tensor:
    """Pictures (B, C, H, W) seen through `affine` (B, 2, 3): bilinear, reflected at the borders; same shape."""
    grid = F.affine_grid(affine.to(pictures), list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
