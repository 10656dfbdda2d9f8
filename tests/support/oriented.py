"""A network with one filter per orientation, and what it answers by sums in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from featurelens.engine.network import Network, Preprocessing

FILTERS = (
    ((-1, -1, -1), (0, 0, 0), (1, 1, 1)),  # brighter below: a horizontal edge
    ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1)),  # brighter to the right: a vertical edge
    ((0, 1, 1), (-1, 0, 1), (-1, -1, 0)),  # brighter above to the right
    ((1, 1, 0), (1, 0, -1), (0, -1, -1)),  # brighter above to the left
)
"""Rows of 3x3; each is applied to the grey of the picture, the mean of its channels."""


class Oriented(nn.Module):
    """Layers: `convolved`, `rectified`, and `means` over the positions."""

    def __init__(self) -> None:
        super().__init__()
        self.convolved = nn.Conv2d(3, len(FILTERS), 3, padding=1, bias=False)
        self.rectified = nn.ReLU()
        self.means = nn.Identity()
        with torch.no_grad():
            self.convolved.weight.copy_(torch.tensor(FILTERS, dtype=torch.float32)[:, None].expand(-1, 3, -1, -1) / 3)

    def forward(self, inputs: Tensor) -> Tensor:
        means: Tensor = self.means(self.rectified(self.convolved(inputs)).mean((2, 3)))
        return means


def oriented() -> Network:
    """Takes pictures of three channels as they are."""
    return Network("oriented", Oriented(), Preprocessing((0.0,) * 3, (1.0,) * 3), digest="none")


def by_hand(picture: Tensor) -> NDArray[Any]:
    """(filters, H, W) in float64: what `convolved` answers to `picture` (3, H, W), zeros around it."""
    grey = picture.double().mean(0).numpy()
    height, width = grey.shape
    padded = np.zeros((height + 2, width + 2))
    padded[1:-1, 1:-1] = grey
    answer = np.zeros((len(FILTERS), height, width))
    for number, rows in enumerate(FILTERS):
        for y in range(height):
            for x in range(width):
                for down, row in enumerate(rows):
                    for right, weight in enumerate(row):
                        answer[number, y, x] += weight * padded[y + down, x + right]
    return answer
