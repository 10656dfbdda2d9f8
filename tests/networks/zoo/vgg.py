"""A chain that ends in fully connected layers: one size only."""

from __future__ import annotations

from torch import nn


def build() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(8 * 16 * 16, 12),
        nn.ReLU(inplace=True),
        nn.Dropout(),
        nn.Linear(12, 6),
    )
