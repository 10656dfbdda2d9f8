"""Which finished pictures to hold against which images, layer by layer.

A client names a picture (`service.schemas.comparison_request`); from that, what scans and the store know makes the
specification.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from featurelens.jobs.spec.activations import MAX_LAYERS
from featurelens.jobs.spec.base import Index, JobSpec, Name, PhotoDigest, Sign, Size
from featurelens.jobs.spec.scan import MAX_KEEP, DatasetName, Identity

MAX_OTHERS = 8
MAX_RANDOM = 64

PictureKey = Annotated[
    str,
    Field(
        pattern=r"^fv1_[0-9a-f]{64}$",
        description="the key of a finished visualization of a single unit",
        examples=["fv1_" + "0" * 64],
    ),
]
Images = list[Annotated[int, Field(ge=0, le=2**32 - 1)]]
"""Their numbers in the data set."""


class ComparisonSpec(JobSpec):
    """How alike the paths of a picture and of its unit's best examples are, and those of pictures of other seeds."""

    model: Name
    visualization: PictureKey
    layer: Name = Field(description="of the unit")
    channel: Index
    sign: Sign
    others: Annotated[list[PictureKey], Field(max_length=MAX_OTHERS)] = Field(
        description="pictures of the same specification but for the seed"
    )
    photos: Annotated[list[PhotoDigest], Field(min_length=1, max_length=MAX_OTHERS + 1)] = Field(
        description="the pixels of `visualization`, then those of `others`"
    )
    layers: Annotated[list[Name], Field(min_length=1, max_length=MAX_LAYERS)] = Field(
        description="that are compared, in the order they answer"
    )
    dataset: DatasetName
    identity: Identity = Field(description="of the data set")
    scan: str = Field(pattern=r"^fs[1-9]_[0-9a-f]{64}$", description="the scan that found the examples")
    by: Literal["strongest_mean", "strongest", "weakest"] = Field(
        description="the list of the scan that they are from: strongest_mean for a picture that climbs a mean, "
        "strongest for a neuron, weakest (by the largest value) for a negative picture, which lowers the mean"
    )
    examples: Annotated[Images, Field(min_length=1, max_length=MAX_KEEP)] = Field(description="the best ones")
    random: Annotated[Images, Field(max_length=MAX_RANDOM)] = Field(description="drawn among all other images")
    size: Size = Field(description="of the picture, in pixels; images are cut and scaled to it")
