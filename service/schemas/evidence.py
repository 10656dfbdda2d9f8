"""What the API shows of a picture held against a data set."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

Compared = Literal["mean", "mean after ReLU", "maximum"]


class Bounds(BaseModel):
    """A number as far as it is known: exactly where both are the same."""

    least: float
    most: float | None = Field(description="null: there is no bound")


class Evidence(BaseModel):
    """How what a finished picture does to its unit compares with what the images of a scanned data set do to it.

    One number per image, that which the picture was made for. Of a channel or a class: the mean over all positions;
    where the layer ends in ReLU, before it for a negative picture and after it for a positive one. Of a neuron, which
    is one position: the largest value over all of them. A scan reads what stands before a ReLU, so that of the mean
    after it only bounds are known: it is not below the mean before it, nor below zero, and not above the maximum.
    """

    dataset: str
    scan: str = Field(description="the scan that is compared with: the latest one of this data set")
    images: int = Field(description="that were read")
    compared: Compared
    activation: float = Field(
        description="of the picture: `numbers.activation`; `numbers.preactivation` of a negative picture or a neuron "
        "where the layer ends in ReLU"
    )
    best: Bounds = Field(
        description="of the best example: the largest of all images; where the picture is to silence the unit, the "
        "smallest"
    )
    ratio: Bounds | None = Field(
        description="activation / best; null where no image raises the unit above zero (or, of a negative picture, "
        "brings it below), so that a ratio says nothing"
    )
    percentile: Bounds = Field(
        description="the share of images, in percent, that the picture is beyond: whose number is smaller than its "
        "own, or larger where it is negative. From a histogram, so that images in the picture's own bin are uncertain"
    )
