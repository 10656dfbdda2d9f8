"""Which network to scan over which data set, and what to keep."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from featurelens.jobs.spec.activations import MAX_LAYERS
from featurelens.jobs.spec.base import JobSpec, Name, Size

MAX_KEEP = 32

DatasetName = Annotated[
    str,
    Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=100, description="from /v1/datasets", examples=["patterns"]),
]
Identity = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
"""Of a data set: another one when an image has changed."""


class ScanSpec(JobSpec):
    """What all units of some layers say to all images of a data set.

    `size` left out is the network's own: the largest centred part of each image is scaled to it.
    """

    model: Name = Field(description="a name or alias from /v1/models", examples=["patternnet"])
    dataset: DatasetName
    layers: Annotated[list[Name], Field(min_length=1, max_length=MAX_LAYERS)] | None = Field(
        None,
        description="names from /v1/models/{model}/layers; default: the recommended ones",
        examples=[["conv4", "logits"]],
    )
    keep: int = Field(9, ge=1, le=MAX_KEEP, description="images in each list of a unit")
    size: Size | None = Field(None, description="pixels: one number, or [height, width]; default: the network's own")
    identity: Identity | None = Field(
        None, description="of the data set, to scan it as it was then or not at all; default: as it is now"
    )
    images: int | None = Field(None, ge=1, description="how many the data set has; filled in")
