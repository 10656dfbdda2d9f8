"""What a scan found of one unit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from featurelens.engine.scan.extremes import Example
from featurelens.engine.scan.histogram import Histogram

Middle = Literal["zero", "median"]


@dataclass(frozen=True)
class Statistics:
    """Of one number per image: mean and spread (the standard deviation over all images), rounded once."""

    mean: float
    spread: float
    histogram: Histogram

    @classmethod
    def of(cls, total: Fraction, squares: Fraction, images: int, histogram: Histogram) -> Statistics:
        mean = total / images
        return cls(float(mean), math.sqrt(max(squares / images - mean * mean, Fraction(0))), histogram)


@dataclass(frozen=True)
class UnitReport:
    """What a unit says to a data set. All lists are of images, nearest first, by the unit's largest value in each:

    `strongest` and `weakest` by it alone, `above` and `below` by how near they come to the `middle` from either side.
    That is zero for a unit that is below zero anywhere, else the median (of a sample, where there are more images than
    it holds). `strongest_mean` goes by the mean over all positions, which is the logit of a class where that is told
    per position; `likeliest`, for classes only, by the logarithm of the probability. `active` is the share of images in
    which the unit is above zero anywhere. `preferred` holds the images that tell which labels it prefers: the strongest
    ones, as many as are kept for that. `mean_after`: of the mean over all positions behind the ReLU that the layer ends
    in; None where it ends in none.
    """

    images: int
    strongest: list[Example]
    strongest_mean: list[Example]
    likeliest: list[Example]
    weakest: list[Example]
    above: list[Example]
    below: list[Example]
    middle: Middle
    preferred: list[int]
    active: float
    maximum: Statistics
    mean: Statistics
    mean_after: Histogram | None
