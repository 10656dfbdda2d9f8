"""Of which unit to tell the weights, and how many of its neighbours."""

from __future__ import annotations

from pydantic import Field

from featurelens.jobs.spec.base import Index, JobSpec, Name, Size

MAX_UNITS = 32


class FiltersSpec(JobSpec):
    """The weights that make one unit.

    `size` left out is the network's own: a pass over zeros of that size tells how the network computes.
    """

    model: Name = Field(description="a name or alias from /v1/models", examples=["patternnet"])
    layer: Name = Field(description="a name from /v1/models/{model}/layers", examples=["conv3"])
    channel: Index = Field(description="counted from 0")
    units: int = Field(10, ge=1, le=MAX_UNITS, description="how many of the strongest units of each list")
    size: Size | None = Field(None, description="pixels: one number, or [height, width]; default: the network's own")
