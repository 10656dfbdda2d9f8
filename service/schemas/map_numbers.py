"""Feature maps as numbers in JSON, where they are few."""

from __future__ import annotations

from pydantic import BaseModel, Field

from featurelens.jobs.spec.attribution import AttributionSpec
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.service.schemas.maps import Value


class MapNumbers(BaseModel):
    """One map, or what one head attends to."""

    layer: str
    channel: int = Field(description="of the layer; of attention, the head")
    value: str = Field(description="activation, preactivation or attention")
    height: int
    width: int
    minimum: float
    maximum: float
    rows: list[list[float]] = Field(description="from the top, each from the left")
    first: list[float] | None = Field(None, description="of attention: what goes to tokens that stand for no position")


class TopUnits(BaseModel):
    """The units on a sheet, in their order."""

    layer: str
    value: str
    by: str
    channels: list[int]
    values: list[float] = Field(description="what they are sorted by")


class UnitHere(BaseModel):
    """One unit and what it says at a position."""

    channel: int
    value: float


class Here(BaseModel):
    """What one layer says at a position of the photograph."""

    layer: str
    kind: str = Field(description="spatial, tokens or vector; a vector has one position, which is the whole picture")
    value: Value = Field(description="activation: what the layer answers")
    x: int = Field(description="column of the feature map that covers the pixel")
    y: int = Field(description="row of the feature map")
    token: int | None = Field(description="of a transformer: the number of that token, the first ones counted")
    cell: list[float] = Field(description="left, top, right and bottom of what the position covers, in pixels")
    receptive_field: list[float] | None = Field(
        description="of what it sees, beyond the edges where it sees padding; null: not defined, as after attention"
    )
    units: list[UnitHere] = Field(description="those that fire here, above zero, the strongest first")
    request: VisualizationSpec | None = Field(
        description="to be sent to /v1/visualizations as it is: a picture of everything that the layer sees here, the "
        "direction of all its activations; null where all are zero, or more than a direction may have"
    )
    attribution: AttributionSpec | None = Field(
        description="to be sent to /v1/attributions as it is, or with another unit's channel: which pixels make the "
        "strongest unit fire here; null where none fires"
    )


class Positions(BaseModel):
    """What a network sees at one pixel of a photograph, layer by layer."""

    key: str = Field(description="of the activations")
    model: str
    x: int = Field(description="pixels from the left of the photograph as the network was shown it")
    y: int = Field(description="pixels from the top")
    width: int = Field(description="of that photograph")
    height: int
    layers: list[Here] = Field(description="in the order asked for")
