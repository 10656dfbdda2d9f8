"""A rectifier with a gradient of its own."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        return value.round(decimals=1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return gradients[0]


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(3, 8, 3, padding=1)
        self.two = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = Straight.apply(self.one(x))
        answer: Tensor = self.two(x)
        return answer


def build() -> nn.Module:
    return Network()
