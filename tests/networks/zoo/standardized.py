"""Weights standardized at every pass."""

from __future__ import annotations

import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(3, 8, 3, padding=1)
        self.two = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.one.weight
        weight = weight - weight.mean((1, 2, 3), keepdim=True)
        x = F.relu(F.conv2d(x, weight, self.one.bias, padding=1))
        answer: Tensor = self.two(x)
        return answer


def build() -> nn.Module:
    return Network()
