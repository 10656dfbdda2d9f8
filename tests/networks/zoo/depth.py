"""Four channels: colours and depth, each with a stem of its own."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

CHANNELS = 4


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.colours = nn.Conv2d(3, 6, 3, 2, padding=1)
        self.depth = nn.Conv2d(1, 2, 3, 2, padding=1)
        self.both = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        stems = [self.colours(x[:, :3]), self.depth(x[:, 3:])]
        answer: Tensor = self.both(F.relu(torch.cat(stems, 1)))
        return answer


def build() -> nn.Module:
    return Network()
