"""Six bands of a satellite, a strided stem with batch norm."""

from __future__ import annotations

from torch import nn

CHANNELS = 6


def build() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(6, 8, 7, 2, padding=3, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(inplace=True),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.ReLU(inplace=True),
    )
