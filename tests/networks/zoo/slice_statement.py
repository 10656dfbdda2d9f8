"""A slice changed in place."""

from __future__ import annotations

from torch import Tensor, nn


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(3, 8, 3, padding=1)
        self.two = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.one(x)
        x[:, 0].mul_(2)
        answer: Tensor = self.two(x)
        return answer


def build() -> nn.Module:
    return Network()
