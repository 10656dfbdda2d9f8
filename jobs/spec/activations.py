"""Which photograph to look at, and which layers to tell of."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from featurelens.jobs.spec.base import JobSpec, Name, Photograph, Size

MAX_LAYERS = 64
MAX_UNITS = 100


class ActivationsSpec(JobSpec):
    """What a network sees in one photograph.

    `size` left out is the network's own: the largest centred part of the photograph is scaled to it.
    """

    model: Name = Field(description="a name or alias from /v1/models", examples=["patternnet"])
    photo: Photograph
    layers: Annotated[list[Name], Field(min_length=1, max_length=MAX_LAYERS)] | None = Field(
        None,
        description="names from /v1/models/{model}/layers; default: the recommended ones",
        examples=[["conv4", "conv6"]],
    )
    units: int = Field(10, ge=1, le=MAX_UNITS, description="how many units of each layer, and how many classes")
    size: Size | None = Field(None, description="pixels: one number, or [height, width]; default: the network's own")
