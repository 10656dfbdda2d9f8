"""Decides by the size of the picture."""

from __future__ import annotations

import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(3, 8, 3, padding=1)
        self.two = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.one(x)
        if x.shape[-1] > 16:
            x = F.avg_pool2d(x, 2)
        answer: Tensor = self.two(x)
        return answer


def build() -> nn.Module:
    return Network()
