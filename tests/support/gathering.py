"""What units say to images, made up, and gathered in whatever batches."""

from __future__ import annotations

import random

import torch

from featurelens.engine.scan import Accumulator, Responses

UNITS, IMAGES, KEEP = 5, 150, 9
RECTIFIED = [False, True, False, True, True]
"""Of each unit: whether its layer ends in ReLU."""


def responses(images: int = IMAGES, units: int = UNITS, seed: int = 0) -> Responses:
    """Of units of very different sizes and signs, with many ties."""
    generator = torch.Generator().manual_seed(seed)
    scale = torch.tensor([1e-3, 1.0, 1e4, 1.0, 1.0])[:units]
    maxima = (torch.randn(images, units, generator=generator) * 4).round() / 4 * scale
    maxima[:, 3] = maxima[:, 3].abs() + 1
    means = maxima * torch.rand(images, units, generator=generator)
    positions = torch.randint(0, 49, (images, units), generator=generator, dtype=torch.int32)
    certainties = torch.rand(images, units, generator=generator).log()
    certainties[:, 0] = -torch.inf
    return Responses(maxima, positions, means, certainties, means[:, RECTIFIED[:units]].clamp(min=0))


def gathered(said: Responses, batches: list[list[int]]) -> Accumulator:
    found = Accumulator(RECTIFIED, KEEP)
    for batch in batches:
        rows = torch.tensor(batch, dtype=torch.int64)
        found.add(rows, said.of(rows))
    return found


def cut(images: int, dice: random.Random) -> list[list[int]]:
    order = list(range(images))
    dice.shuffle(order)
    places = sorted(dice.sample(range(images + 1), dice.randint(0, 20)))
    return [order[a:b] for a, b in zip([0, *places], [*places, images], strict=True)]
