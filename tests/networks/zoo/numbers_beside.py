"""A second input: numbers, concatenated behind the pooling."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from featurelens.engine.constant_inputs import Constant

INPUTS = {"meta": Constant(torch.tensor([0.5, -1.5, 2.0]))}


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Linear(8 + 3, 6)

    def forward(self, image: Tensor, meta: Tensor) -> Tensor:
        pooled = F.relu(self.conv(image)).mean((2, 3))
        answer: Tensor = self.fc(torch.cat([pooled, meta], 1))
        return answer


def build() -> nn.Module:
    return Network()
