"""Takes another branch when it is traced."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(3, 8, 3, padding=1)
        self.two = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_tensor(x):
            x = x * 2 - 1
        x = F.relu(self.one(x))
        answer: Tensor = self.two(x)
        return answer


def build() -> nn.Module:
    return Network()
