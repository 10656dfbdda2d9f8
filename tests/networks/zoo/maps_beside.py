"""A second input that is there before the first convolution: numbers as maps, written over in place."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from featurelens.engine.constant_inputs import Constant

INPUTS = {"meta": Constant(torch.tensor([0.5, -1.5]))}


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(5, 8, 3, padding=1)
        self.two = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, image: Tensor, meta: Tensor) -> Tensor:
        meta.mul_(2)
        maps = meta[:, :, None, None].expand(-1, -1, *image.shape[2:])
        answer: Tensor = self.two(F.relu(self.one(torch.cat([image, maps], 1))))
        return answer


def build() -> nn.Module:
    return Network()
