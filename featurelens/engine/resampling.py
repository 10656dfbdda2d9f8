"""A picture seen through an affine map: bilinear, reflected at the borders."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from featurelens.engine.uploads import sent


def resample(pictures: Tensor, affine: Tensor) -> Tensor:
    """Pictures (B, C, H, W) seen through `affine` (B, 2, 3), see `Transform.affine`; same shape.

    `affine` is asked about its reach, so it should be where that costs nothing: on the CPU, as it is drawn.
    """
    if pictures.device.type != "cuda":
        return sampled(pictures, affine)
    seen: Tensor = Gathered.apply(pictures, affine)
    return seen


class Gathered(torch.autograd.Function):
    """Whose gradient is summed in a fixed order on a card as well."""

    @staticmethod
    def forward(ctx: Any, pictures: Tensor, affine: Tensor) -> Tensor:
        ctx.affine = affine
        return sampled(pictures, affine)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        from featurelens.engine.gather import gathered  # needs triton, which only comes with torch for CUDA

        (gradient,) = gradients
        return gathered(gradient, ctx.affine), None


def sampled(pictures: Tensor, affine: Tensor) -> Tensor:
    """As `resample`, with torch's own gradient."""
    reach = float(affine.abs().sum(2).max())
    grid = _grid(sent(affine, pictures), pictures.shape[2], pictures.shape[3])
    # Cheaper than grid_sample's own reflection; a point inside is not moved, so nobody depends on who reaches far.
    for _ in range(math.ceil((reach - 1) / 2)):
        grid = grid.clamp(-1, 1).mul_(2).sub_(grid)
    return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _grid(affine: Tensor, height: int, width: int) -> Tensor:
    """(B, H, W, 2), as `affine_grid` of torch without align_corners, but as the sum of a row and a column."""
    grid = affine.new_empty(len(affine), height, width, 2)
    x, y = _centres(width, affine), _centres(height, affine)
    for axis in (0, 1):
        rows = affine[:, axis, 1, None] * y + affine[:, axis, 2, None]
        torch.add((affine[:, axis, 0, None] * x)[:, None, :], rows[:, :, None], out=grid[..., axis])
    return grid


def _centres(count: int, like: Tensor) -> Tensor:
    """(count,): the middle of each pixel in [-1, 1]."""
    return (torch.arange(count, dtype=like.dtype, device=like.device) * 2 + 1) / count - 1
