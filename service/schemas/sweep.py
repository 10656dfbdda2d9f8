"""What the API shows of sweeps: one as a whole, and each of its pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from featurelens.jobs import addresses
from featurelens.jobs.spec.base import Sign
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.service import sweeps
from featurelens.service.schemas.address import Address
from featurelens.service.sweeps import STATES, Item, Standing


class SweepLinks(BaseModel):
    """Where to go from here."""

    self: Address
    items: Address = Field(description="each picture and what has become of it")
    sheet: Address | None = Field(None, description="all pictures on one PNG, once none is left to be made")


class Sweep(BaseModel):
    """Many pictures that were asked for together."""

    id: str
    status: Standing = Field(description="finished: no picture is left to be made; counts say how many failed")
    spec: VisualizationSpec = Field(description="that of the first picture, with every default filled in")
    total: int = Field(description="pictures")
    counts: dict[str, int] = Field(
        description="how many are in which status; forgotten: neither record nor picture are there any more",
        examples=[dict.fromkeys(STATES, 0) | {"succeeded": 40, "running": 4, "queued": 20}],
    )
    created: datetime
    cancelled: datetime | None = None
    links: SweepLinks

    @classmethod
    def of(cls, sweep: sweeps.Sweep, states: Sequence[str]) -> Self:
        """`states`: one of each picture."""
        status = sweeps.standing(sweep, states)
        sheet = addresses.sweep_sheet(sweep.id) if status in {"finished", "cancelled"} else None
        return cls(
            id=sweep.id,
            status=status,
            spec=sweep.spec,
            total=sweep.total,
            counts=dict.fromkeys(STATES, 0) | Counter(states),
            created=sweep.created,
            cancelled=sweep.cancelled,
            links=SweepLinks(self=addresses.sweep(sweep.id), items=addresses.sweep_items(sweep.id), sheet=sheet),
        )


class SweepItem(BaseModel):
    """One picture of a sweep; `url` has all of it."""

    key: str
    channel: int
    sign: Sign
    seed: int
    status: str = Field(description="as of the visualization, or forgotten", examples=["succeeded"])
    url: Address
    thumbnail: Address | None = Field(None, description="192 pixels wide, once there is a picture")

    @classmethod
    def of(cls, item: Item, status: str) -> Self:
        image = addresses.image(item.key)
        thumbnail = addresses.with_query(image, {"width": 192, "format": "webp"}) if status == "succeeded" else None
        url = addresses.visualization(item.key)
        return cls.model_validate({**item._asdict(), "status": status, "url": url, "thumbnail": thumbnail})


class SweepItems(BaseModel):
    """One page."""

    items: list[SweepItem]
    next: Address | None = Field(description="the next page; null: this was the last")
