"""Thirteen bands of a satellite, an index of two of them made inside."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

CHANNELS = 13


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(14, 8, 3, padding=1)
        self.two = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        red, infrared = x[:, 3:4], x[:, 7:8]
        vegetation = (infrared - red) / (infrared.abs() + red.abs() + 1)
        answer: Tensor = self.two(F.relu(self.one(torch.cat([x, vegetation], 1))))
        return answer


def build() -> nn.Module:
    return Network()
