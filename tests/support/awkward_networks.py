"""Small networks that cannot be traced, or not rightly, or not cast: what their authors write, as they write it."""

from __future__ import annotations

import random

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from tests.support.small_networks import seeded


class Awkward(nn.Module):
    """Two convolutions, `conv1` and `conv2`, 6 channels, the picture's own size; `between` is what is awkward."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 8, 3, padding=1)
        self.act = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(8, 6, 3, padding=1)
        seeded(self)

    def forward(self, picture: Tensor) -> Tensor:
        value: Tensor = self.conv2(self.between(self.conv1(self.before(picture))))
        return value

    def before(self, picture: Tensor) -> Tensor:
        return picture

    def between(self, value: Tensor) -> Tensor:
        rectified: Tensor = self.act(value)
        return rectified


class FunctionalStatement(Awkward):
    def between(self, value: Tensor) -> Tensor:
        F.relu_(value)
        return value


class ModuleStatement(Awkward):
    def between(self, value: Tensor) -> Tensor:
        self.act(value)
        return value


class ScaledThroughAView(Awkward):
    def between(self, value: Tensor) -> Tensor:
        value[:, 0].mul_(2)
        return value


class AsksIsinstance(Awkward):
    def before(self, picture: Tensor) -> Tensor:
        return picture * 2 - 1 if isinstance(picture, torch.Tensor) else picture


class AsksIsTensor(Awkward):
    def before(self, picture: Tensor) -> Tensor:
        return picture * 2 - 1 if torch.is_tensor(picture) else picture


class AsksHasattr(Awkward):
    def between(self, value: Tensor) -> Tensor:
        return super().between(value * 3 if hasattr(value, "last") else value)


class StopsGradients(Awkward):
    """A graph would let them pass."""

    def between(self, value: Tensor) -> Tensor:
        with torch.no_grad():
            gate = value * 2
        return gate * value.sigmoid()


class Dropping(Awkward):
    def between(self, value: Tensor) -> Tensor:
        return F.dropout(super().between(value), 0.5)


class Noisy(Awkward):
    def between(self, value: Tensor) -> Tensor:
        return super().between(value + torch.rand(1))


class Tossing(Awkward):
    """Python's own dice."""

    def between(self, value: Tensor) -> Tensor:
        return super().between(value) * random.random()


class Grid(Awkward):
    """Coordinates as a fourth channel."""

    def __init__(self) -> None:
        super().__init__(4)

    def before(self, picture: Tensor) -> Tensor:
        rows, _, height, width = picture.shape
        line = torch.linspace(-1, 1, width)
        return torch.cat([picture, line.expand(rows, 1, height, width)], 1)


class Norm32(Awkward):
    def between(self, value: Tensor) -> Tensor:
        value = value.float()
        return super().between(value * torch.rsqrt(value.square().mean(1, keepdim=True) + 1e-6))


class SinePositions(Awkward):
    def between(self, value: Tensor) -> Tensor:
        return super().between(value + torch.sin(torch.arange(value.shape[3]).float() * 0.3))


class Warped(Awkward):
    def before(self, picture: Tensor) -> Tensor:
        turn = torch.tensor([[0.9, 0.1, 0.0], [-0.1, 0.9, 0.0]]).expand(picture.shape[0], 2, 3)
        grid = F.affine_grid(turn, list(picture.shape), align_corners=False)
        return F.grid_sample(picture, grid, align_corners=False)


class Spectral(Awkward):
    def between(self, value: Tensor) -> Tensor:
        return super().between(torch.fft.irfft2(torch.fft.rfft2(value) * 0.5, s=value.shape[2:]))


class Autocast(Awkward):
    def forward(self, picture: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return super().forward(picture)


LOST = (
    FunctionalStatement,
    ModuleStatement,
    ScaledThroughAView,
    AsksIsinstance,
    AsksIsTensor,
    AsksHasattr,
    StopsGradients,
)
"""Tracing them raises nothing and gives another network."""
DRAWING = (Dropping, Noisy, Tossing)
FLOAT32_INSIDE = (Grid, Norm32, SinePositions, Warped, Spectral)
"""They cannot be run in bfloat16."""
