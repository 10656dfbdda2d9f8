"""What the API shows of a picture held against a data set."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

Compared = Literal["mean", "maximum"]


class Evidence(BaseModel):
    """How what a finished picture does to its unit compares with what the images of a scanned data set do to it.

    One number per image, that which the picture was made for: of a channel or a class the mean over all positions; of a
    neuron, which is one position, the largest value over all of them. Where the layer ends in ReLU, what stands before
    it, of the picture as of the images.
    """

    dataset: str
    scan: str = Field(description="the scan that is compared with: the latest one of this data set")
    images: int = Field(description="that were read")
    compared: Compared = Field(description="what of each image: the mean over all positions, or the largest value")
    preactivation: bool = Field(description="true: the layer ends in ReLU, and the numbers stand before that")
    activation: float = Field(description="of the picture: `numbers.activation`, or `numbers.preactivation`")
    best: float = Field(
        description="of the best example: the largest of all images; where the picture is to silence the unit, the "
        "smallest"
    )
    ratio: float | None = Field(
        description="activation / best; null where no image raises the unit above zero (or, of a negative picture, "
        "brings it below), so that a ratio says nothing"
    )
    percentile: float = Field(
        description="the share of images, in percent, that the picture is beyond: whose number is smaller than its "
        "own, or larger where it is negative. At least that: images within the picture's own bin of the histogram "
        "are not counted"
    )
    percentile_at_most: float = Field(description="the same with all that may be: differs by the picture's own bin")
