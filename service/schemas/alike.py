"""What the API shows of the units that answer alike over a data set."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from featurelens.service.schemas.address import Address
from featurelens.service.schemas.examples import Example, FoundByScan
from featurelens.service.schemas.layer_units import UnitPicture
from featurelens.service.schemas.spectrum import ScanOfUnit


class Relative(BaseModel):
    """Another unit of the layer."""

    channel: int
    label: str | None = Field(None, description="on the layer of classes: its name")
    correlation: float = Field(
        ge=-1, le=1, description="Pearson's, of the largest values that both units say to each image"
    )
    error: float = Field(
        ge=0,
        description="its standard error, as it is taken of a sample; 0 where that holds all images. The most alike of "
        "many units by a sample are a little less so over all images",
    )
    active: float = Field(description="the share of images in which it is above zero anywhere")
    strongest: Example = Field(description="the image that raises it most")
    positive: UnitPicture | None = Field(None, description="its newest finished picture; null: there is none")
    negative: UnitPicture | None = None
    unit: Address
    alike: Address = Field(description="the units that answer like this one")


class ScanAgain(ScanOfUnit):
    """The scan that would tell of it."""

    to: Address = Field(description="where to POST `request`")
    request: dict[str, Any]


class Alike(FoundByScan):
    """Which units of a layer say the like of one to the same images, and which the contrary.

    Both lists are null where the scan was made before that was kept, and empty for a unit that says the same to all
    images.
    """

    preactivation: bool = Field(description="true: the layer ends in ReLU, and correlated is what stands before that")
    images: int = Field(description="that were scanned")
    sampled: int | None = Field(description="of how many of them correlations are taken, the same for all units")
    alike: list[Relative] | None = Field(description="up to 8, the most alike first: correlations above zero")
    opposite: list[Relative] | None = Field(description="up to 4, the most opposite first: correlations below zero")
    again: ScanAgain | None = Field(
        description="where the lists are null: the scan to ask for, unless the data set is gone"
    )
    links: dict[str, Address] = Field(description="unit; examples; scan; table: all units as Parquet")
