"""Halves that go separate ways."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(3, 8, 3, padding=1)
        self.two = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        a, b = F.relu(self.one(x)).chunk(2, 1)
        return torch.cat([a, self.two(b)], 1)


def build() -> nn.Module:
    return Network()
