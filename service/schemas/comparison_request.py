"""What a client says to have a picture compared; the rest of the specification is looked up."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from featurelens.jobs.spec.activations import MAX_LAYERS
from featurelens.jobs.spec.base import Name, SpecModel
from featurelens.jobs.spec.comparison import MAX_OTHERS, MAX_RANDOM, PictureKey
from featurelens.jobs.spec.scan import MAX_KEEP, DatasetName


class ComparisonRequest(SpecModel):
    """Which picture to hold against the best examples of its unit, and against pictures of other seeds."""

    visualization: PictureKey
    dataset: DatasetName | None = Field(None, description="default: any that was scanned")
    examples: int = Field(9, ge=1, le=MAX_KEEP, description="how many of the best ones, as far as the scan keeps them")
    random: int = Field(
        16, ge=0, le=MAX_RANDOM, description="how many other images, always the same, to see how alike any images are"
    )
    layers: Annotated[list[Name], Field(min_length=1, max_length=MAX_LAYERS)] | None = Field(
        None, description="default: the recommended ones before the unit's, and its own"
    )
    others: Annotated[list[PictureKey], Field(max_length=MAX_OTHERS)] | None = Field(
        None,
        description="finished pictures of the same specification but for the seed; default: those that are found, "
        f"{MAX_OTHERS} at most",
    )
