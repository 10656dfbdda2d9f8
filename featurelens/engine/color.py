"""Colour decorrelation: natural colours vary mostly together, so the optimizer works in axes that do not.

The matrix is the square root (by singular value decomposition) of ImageNet's colour covariance, as Olah, Mordvintsev
and Schubert give it (Distill 2017, "Feature Visualization"; lucid), divided by its largest column norm.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

_ROOT = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
MATRIX = _ROOT / _ROOT.norm(dim=0).max()


def correlate(picture: Tensor) -> Tensor:
    """(B, 3, H, W) in decorrelated axes -> (B, 3, H, W) in RGB, both unbounded. Other channel counts pass unchanged."""
    if picture.shape[1] != 3:
        return picture
    return torch.matmul(_matrix(picture.dtype, picture.device), picture.flatten(2)).view_as(picture)


@lru_cache(maxsize=16)
def _matrix(dtype: torch.dtype, device: torch.device) -> Tensor:
    """Where it is needed once and for all: copying it to a device waits for that."""
    matrix: Tensor = MATRIX.to(device, dtype)
    return matrix
