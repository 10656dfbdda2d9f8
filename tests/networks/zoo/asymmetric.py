"""Kernels of 1x7 and 7x1 with strides that differ."""

from __future__ import annotations

from torch import nn


def build() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, (1, 7), stride=(1, 2), padding=(0, 3)),
        nn.ReLU(),
        nn.Conv2d(8, 8, (7, 1), stride=(2, 1)),
    )
