"""The contract every objective keeps, and how layers of any shape are read as feature maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Protocol, Self

from torch import Tensor

from featurelens.engine.extraction.hooks import Reading

Sign = Literal["positive", "negative"]
Readings = Mapping[str, Reading]
Read = Callable[[Tensor], Readings]
"""Pictures (B, C, H, W) in [0, 1] -> what the network says to them, untransformed, in float32."""


class Objective(Protocol):
    """Immutable. `readings` hold the rows of one render: one row per picture, in the order of the strip."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Dotted names of the layers it reads."""
        ...

    def prepared(self, read: Read) -> Objective:
        """Itself, or one that knows what the network says to a given photograph. Called once, before the first step."""
        ...

    def score(self, readings: Readings) -> Tensor:
        """(rows,) float32, differentiable: what gradient ascent climbs."""
        ...

    def measure(self, readings: Readings) -> dict[str, Tensor]:
        """Named numbers, each (rows,): ``activation``, and ``preactivation`` where the layer is rectified."""
        ...


class Plain:
    """What most objectives share: nothing to prepare."""

    def prepared(self, read: Read) -> Self:
        return self


def feature_maps(value: Tensor) -> Tensor:
    """Any layer's output as (B, C, H, W): tokens (B, T, D) become (B, D, T, 1), vectors (B, C) become (B, C, 1, 1)."""
    if value.dim() == 3:
        return value.transpose(1, 2).unsqueeze(3)
    if value.dim() == 2:
        return value[:, :, None, None]
    if value.dim() == 4:
        return value
    raise ValueError(f"a layer's output must have 2, 3 or 4 dimensions, not {value.dim()}")


def climbed(reading: Reading, sign: Sign) -> Tensor:
    """The feature maps that the sign works on: below zero only the pre-activation has a gradient."""
    if sign == "negative" and reading.before is not None:
        return feature_maps(reading.before)
    return feature_maps(reading.value)


def direction(sign: Sign) -> float:
    return 1.0 if sign == "positive" else -1.0


def both(reading: Reading, take: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
    """`take` of the value, and of the pre-activation where there is one."""
    numbers = {"activation": take(feature_maps(reading.value))}
    if reading.before is not None:
        numbers["preactivation"] = take(feature_maps(reading.before))
    return numbers


def at(maps: Tensor, x: int | None, y: int | None) -> Tensor:
    """(B, C, H, W) -> (B, C) at column `x` and row `y` from the top left; None is the centre.

    Raises ValueError for a position outside the layer.
    """
    height, width = maps.shape[2:]
    x = width // 2 if x is None else x
    y = height // 2 if y is None else y
    if not (0 <= x < width and 0 <= y < height):
        raise ValueError(f"position ({x}, {y}) lies outside the layer, which is {width} wide and {height} high")
    return maps[:, :, y, x]
