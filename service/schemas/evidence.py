"""What the API shows of a picture held against a data set."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, Field

from featurelens.service.schemas.address import Address
from featurelens.service.schemas.comparison import ComparedLayer, Comparison, likenesses

Compared = Literal["mean", "mean after ReLU", "maximum"]


class Bounds(BaseModel):
    """A number as far as it is known: exactly where both are the same."""

    least: float
    most: float | None = Field(description="null: there is no bound")


class Evidence(BaseModel):
    """How what a finished picture does to its unit compares with what the images of a scanned data set do to it.

    One number per image, that which the picture was made for. Of a channel or a class: the mean over all positions;
    where the layer ends in ReLU, before it for a negative picture and after it for a positive one. Of a neuron, which
    is one position: the largest value over all of them. A scan reads what stands before a ReLU, and the mean after it;
    of older ones, without that, only bounds are known: it is not below the mean before it, nor below zero, and not
    above the maximum.
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
    comparison: Address | None = Field(
        None, description="the latest finished comparison with this data set; null: nobody has asked for one"
    )
    paths: list[ComparedLayer] | None = Field(None, description="what that found, layer by layer")

    def beside(self, comparison: Comparison | None) -> Self:
        """With what a finished comparison of the same picture with the same data set found."""
        if comparison is None:
            return self
        return self.model_copy(update={"comparison": comparison.links.self, "paths": comparison.layers})


class Standing(BaseModel):
    """Evidence in a few numbers."""

    dataset: str
    ratio: Bounds | None = Field(description="activation / best")
    percentile: Bounds = Field(description="the share of images, in percent, that the picture is beyond")
    likeness: float | None = Field(
        description="`normalized` of the unit's own layer in the latest comparison; null where there is none, or its "
        "examples are not more alike than other images"
    )
    likeness_of_means: float | None = Field(description="the same of `means`")

    @classmethod
    def of(cls, evidence: Evidence, layer: str) -> Self:
        """`layer`: the unit's own."""
        told = {name: getattr(evidence, name) for name in ("dataset", "ratio", "percentile")}
        return cls(**told, **likenesses(evidence.paths, layer))
