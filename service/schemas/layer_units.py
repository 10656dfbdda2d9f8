"""What the API shows of the units of a layer, for a grid of them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from featurelens.service.schemas.address import Address


class UnitPicture(BaseModel):
    """The newest finished picture of one unit and sign."""

    model_config = ConfigDict(frozen=True)

    key: str
    image: Address = Field(description="the PNG; `width` and `format` make it smaller")
    activation: float | None = Field(description="that was reached; null: what was asked for has no single one")
    steps: int
    seed: int
    objective: str = Field(examples=["channel"])


class UnitPictures(BaseModel):
    """One unit."""

    channel: int
    label: str | None = Field(None, description="on the layer of classes: its name")
    positive: UnitPicture | None = Field(None, description="null: there is none, or it was not asked for")
    negative: UnitPicture | None = None


class LayerUnits(BaseModel):
    """Units of a layer in their order; one page."""

    model: str = Field(description="the canonical name")
    layer: str
    total: int = Field(description="units of the layer")
    units: list[UnitPictures]
    next: Address | None = Field(description="the next page; null: this was the last")
    complete: bool = Field(description="false while the list is made anew from the stored pictures")
