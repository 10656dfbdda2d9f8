"""How fast pictures advance, as the renderer has measured it of late, lane by lane."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field


class LaneKind(NamedTuple):
    """What the speed of pictures depends on: the digest of the network, the layers that are read, height and width."""

    digest: str
    layers: tuple[str, ...]
    """In the order of the alphabet."""
    size: tuple[int, int]


class Speed(BaseModel):
    """Seconds a step of one row of one kind of lane: the medians of the latest ticks."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    digest: str = Field(description="of the network")
    layers: list[str]
    height: int
    width: int
    alone: float | None = Field(None, description="seconds a step where one picture had the tick for itself")
    shared: float | None = Field(None, description="seconds a step and picture where several advanced together")


def find(speeds: Iterable[Speed], kind: LaneKind, *, alone: bool) -> float | None:
    """Seconds a step and row in a lane of that kind; None where nothing of its network and layers was measured.

    Of another size it is that of the nearest one, scaled by the number of pixels. What goes with others is no slower
    than alone, so that stands in for it; never the other way round.
    """
    pixels = math.prod(kind.size)
    found: list[tuple[float, float]] = []
    for speed in speeds:
        measured = speed.alone if alone else speed.shared or speed.alone
        if measured is not None and speed.digest == kind.digest and tuple(speed.layers) == kind.layers:
            larger = pixels / (speed.height * speed.width)
            found.append((abs(math.log(larger)), measured * larger))
    return min(found)[1] if found else None
