"""One input channel, 28x28, squashing units."""

from __future__ import annotations

from torch import nn

SIZE = 28
CHANNELS = 1


def build() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 8, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(200, 10),
    )
