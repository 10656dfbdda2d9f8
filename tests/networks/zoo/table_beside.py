"""A second input that all pictures share: centres that every position is measured against; a third one, a switch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from featurelens.engine.constant_inputs import Constant

INPUTS = {
    "centres": Constant(torch.randn(5, 8, generator=torch.Generator().manual_seed(0)), each=False),
    "soft": Constant(torch.tensor(True), each=False),
}


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.Softmax(1)
        self.two = nn.Conv2d(5, 6, 1)

    def forward(self, image: Tensor, centres: Tensor, **options: Any) -> Tensor:
        value = torch.einsum("bchw,kc->bkhw", self.one(image), centres)
        answer: Tensor = self.two(self.norm(value) if options["soft"] else value)
        return answer


def build() -> nn.Module:
    return Network()
