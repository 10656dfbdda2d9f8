"""What it would take to make pictures, before anybody asks for them."""

from __future__ import annotations

from pydantic import BaseModel, Field

from featurelens.jobs.queue.record import Status
from featurelens.jobs.spec.visualization import VisualizationSpec


class Estimate(BaseModel):
    """What one picture takes, and all of them together."""

    spec: VisualizationSpec = Field(description="of the first picture, with every default filled in")
    cost: int = Field(description="steps x height x width x pictures x views, of all that is in the request")
    cost_limit: int = Field(description="what it may be here")
    memory: int = Field(description="bytes of the device's memory that one picture takes, as estimated")
    memory_limit: int | None = Field(description="what one picture may take here; null: not known")
    seconds: float | None = Field(
        description="of optimization, for what has not been made yet, at the speed that was measured of late with this "
        "network and layer; null: nothing has been measured. Loading the network, waiting and storing come on top"
    )
    waiting: int = Field(description="pictures that wait before it, for the renderers that have the network")


class VisualizationEstimate(Estimate):
    """Of one picture; nothing was asked for."""

    key: str = Field(description="the one that it has, or would have")
    status: Status | None = Field(description="null: nobody has asked for it")


class SweepEstimate(Estimate):
    """Of many pictures; nothing was asked for."""

    total: int = Field(description="pictures")
    made: int = Field(description="those that are there")
    underway: int = Field(description="those that somebody waits for already")
    missing: int = Field(description="those that are neither: `seconds` tells of them")
