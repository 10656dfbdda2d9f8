"""Dropout modules, silent in evaluation."""

from __future__ import annotations

from torch import nn


def build() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.Dropout2d(0.3),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.AlphaDropout(0.2),
    )
