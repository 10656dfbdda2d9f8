"""An even kernel of stride 2 and an odd size."""

from __future__ import annotations

from torch import nn

SIZE = 33


def build() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1),
    )
