"""A picture turned inside."""

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
        angle = torch.tensor([[0.96, -0.28, 0.0], [0.28, 0.96, 0.0]]).expand(x.shape[0], 2, 3)
        grid = F.affine_grid(angle, list(x.shape), align_corners=False)
        x = F.relu(self.one(F.grid_sample(x, grid, align_corners=False)))
        answer: Tensor = self.two(x)
        return answer


def build() -> nn.Module:
    return Network()
