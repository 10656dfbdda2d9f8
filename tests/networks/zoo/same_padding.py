"""Padding given in words."""

from __future__ import annotations

from torch import nn


def build() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 5, padding="same"),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding="valid"),
    )
