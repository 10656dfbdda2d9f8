"""Which units answer alike, and which to the contrary: Pearson's correlation of what two units say to the same images.

Taken of a sample of the images, so each comes with the error that this leaves: the standard error that follows from the
influence of each image on a correlation (Devlin, Gnanadesikan, Kettenring, "Robust Estimation and Outlier Detection
with Correlation Coefficients", Biometrika 62, 1975), less what a sample of a large part of all images knows better.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

ALIKE, OPPOSITE = 8, 4
"""How many are told of each unit."""
_SCALE = 10**6
"""Correlations are told in millionths. What is beyond depends on the order in which a library adds up."""
_ROUNDING = 2.0**-18
"""A unit whose answers differ by less than this part of the largest says the same to all: that is rounding."""
_TOGETHER = 128
"""Units that are looked at together."""


class Relative(NamedTuple):
    """Another unit: its number, the correlation of both (-1 to 1, not 0), the standard error of that."""

    unit: int
    correlation: float
    error: float


class Relatives(NamedTuple):
    """Of one unit: those whose correlation with it is highest, above zero, and lowest, below; the first first.

    Of equal ones the lower number comes first. Both are empty for a unit that says the same to all images, and no
    other's lists have it.
    """

    alike: list[Relative]
    opposite: list[Relative]


def relatives(values: Tensor, images: int) -> Iterator[Relatives]:
    """Of each unit in turn; `values` (n, units) is what they say to n of `images` images."""
    count, units = values.shape
    if not count:
        yield from (Relatives([], []) for _ in range(units))
        return
    scores = _standardized(values)
    missed = (images - count) / max(images - 1, 1)
    for first in range(0, units, _TOGETHER):
        rows = torch.arange(first, min(first + _TOGETHER, units))
        found = (scores[rows] @ scores.T / count * _SCALE).round().clamp(-_SCALE, _SCALE)
        found[rows - first, rows] = 0  # as with whoever says the same to all: zero is nobody
        alike, opposite = (
            [_told(line, sign) for line in _nearest(found * sign, most, scores, rows, missed).tolist()]
            for sign, most in ((1, ALIKE), (-1, OPPOSITE))
        )
        yield from map(Relatives, alike, opposite)


def _standardized(values: Tensor) -> Tensor:
    """(units, n) float64 of mean zero and spread one; all zero of a unit that says the same to all images."""
    answers = values.T.double().contiguous()
    low, high = answers.aminmax(dim=1)
    varies = high - low > _ROUNDING * torch.maximum(low.abs(), high.abs())
    centred = answers - answers.mean(1, keepdim=True)
    spread = centred.square().mean(1).sqrt().where(varies, 1.0)
    return centred / spread[:, None] * varies[:, None]


def _nearest(found: Tensor, most: int, scores: Tensor, rows: Tensor, missed: float) -> Tensor:
    """(rows, k, 3): of the `most` units with the highest of `found` for each of `rows` the number, that, and its error.

    `missed` is the share of the images that are not in the sample.
    """
    units, count = scores.shape
    ranks = found.long() * units - torch.arange(units)  # nothing ties: of equal ones the lower number is first
    chosen = ranks.topk(min(most, units), 1).indices
    own, others = scores[rows, None], scores[chosen]
    products = own * others
    influence = products - products.mean(2, keepdim=True) * (own.square() + others.square()) / 2
    error = influence.square().mean(2).sqrt() * math.sqrt(missed / count)
    return torch.stack([chosen.double(), found.gather(1, chosen), (error * _SCALE).round()], 2)


def _told(line: list[list[float]], sign: int) -> list[Relative]:
    return [Relative(int(unit), sign * found / _SCALE, error / _SCALE) for unit, found, error in line if found > 0]
