"""A compositional pattern-producing network: the picture is a smooth function of the coordinates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from featurelens.engine.parameterizations.base import Plain, Size


@dataclass(frozen=True)
class CPPN(Plain):
    """A small network from (x, y) to colour, `layers` hidden layers of `width` (Mordvintsev et al., Distill 2018).

    Coordinates span +-sqrt(3) on the shorter side, so that they have unit variance; the activation is
    [atan(x) / 0.67, atan(x)^2 / 0.6], which keeps mean and variance from layer to layer. Where it may be transparent,
    it starts nearly opaque: half of plain grey is too little for the network to see what colours would do.
    """

    channels: int = 3
    layers: int = 8
    width: int = 24
    learning_rate: float = 0.005
    opacity: float = 0.95

    def start(self, size: Size, pictures: int, generator: torch.Generator) -> tuple[Tensor, ...]:
        tensors: list[Tensor] = []
        inputs = 2
        for _ in range(self.layers):
            weight = torch.randn((pictures, self.width, inputs), generator=generator) * math.sqrt(1 / inputs)
            tensors += [weight, torch.zeros(pictures, self.width, 1)]
            inputs = 2 * self.width
        # A last layer of zeros starts every picture at plain grey, as in the source.
        return (*tensors, torch.zeros(pictures, self.channels, inputs), torch.zeros(pictures, self.channels, 1))

    def decode(self, parameters: tuple[Tensor, ...], size: Size) -> Tensor:
        height, width = size
        value = _coordinates(size).to(parameters[0]).expand(parameters[0].shape[0], -1, -1)
        for index in range(0, len(parameters) - 2, 2):
            curved = torch.atan(torch.baddbmm(parameters[index + 1], parameters[index], value))
            value = torch.cat([curved / 0.67, curved.square() / 0.6], dim=1)
        picture = torch.baddbmm(parameters[-1], parameters[-2], value)
        return torch.sigmoid(picture.view(-1, self.channels, height, width))


def _coordinates(size: Size) -> Tensor:
    """(2, H * W): x and y from the centre, +-sqrt(3) at the ends of the shorter side."""
    height, width = size
    reach = math.sqrt(3) / min(size)
    rows = torch.linspace(-height * reach, height * reach, height)
    columns = torch.linspace(-width * reach, width * reach, width)
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()])
