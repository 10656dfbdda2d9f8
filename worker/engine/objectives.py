"""What a picture is optimized for: a number read off the network's activations.

Every objective says which layers it reads, a `score` to maximize, and what it `measure`s for people to read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from torch import Tensor

from worker.engine.forward import Reading

Sign = Literal["positive", "negative"]
Readings = Mapping[str, Reading]


class Objective(Protocol):
    """Immutable. `readings` hold the rows (pictures) of one render only."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Dotted names of the layers it reads."""
        ...

    def score(self, readings: Readings) -> Tensor:
        """(rows,) float32, differentiable: what gradient ascent climbs."""
        ...

    def measure(self, readings: Readings) -> dict[str, Tensor]:
        """Named numbers, each (rows,): ``activation`` and, on rectified layers, ``preactivation``."""
        ...


def feature_maps(value: Tensor) -> Tensor:
    """Any layer's output as (B, C, H, W): tokens (B, T, D) become (B, D, T, 1), vectors (B, C) become (B, C, 1, 1)."""
    if value.dim() == 3:
        return value.transpose(1, 2).unsqueeze(3)
    if value.dim() == 2:
        return value[:, :, None, None]
    if value.dim() == 4:
        return value
    raise ValueError(f"a layer's output must have 2, 3 or 4 dimensions, not {value.dim()}")


def _climbed(reading: Reading, sign: Sign) -> Tensor:
    """What the sign works on: below zero only the pre-activation has a gradient."""
    if sign == "negative" and reading.before is not None:
        return feature_maps(reading.before)
    return feature_maps(reading.value)


def _direction(sign: Sign) -> float:
    return 1.0 if sign == "positive" else -1.0


@dataclass(frozen=True)
class Channel:
    """Mean over positions of one channel's feature map (Olah et al. 2017, "channel")."""

    layer: str
    channel: int
    sign: Sign = "positive"

    @property
    def layers(self) -> tuple[str, ...]:
        return (self.layer,)

    def score(self, readings: Readings) -> Tensor:
        maps = _climbed(readings[self.layer], self.sign)
        return _direction(self.sign) * maps[:, self.channel].float().mean((1, 2))

    def measure(self, readings: Readings) -> dict[str, Tensor]:
        return _both(readings[self.layer], lambda maps: maps[:, self.channel].float().mean((1, 2)))


@dataclass(frozen=True)
class Neuron:
    """One channel at one position; `x` counts columns, `y` rows, from the top left; None is the centre."""

    layer: str
    channel: int
    sign: Sign = "positive"
    x: int | None = None
    y: int | None = None

    @property
    def layers(self) -> tuple[str, ...]:
        return (self.layer,)

    def score(self, readings: Readings) -> Tensor:
        return _direction(self.sign) * self._at(_climbed(readings[self.layer], self.sign))

    def measure(self, readings: Readings) -> dict[str, Tensor]:
        return _both(readings[self.layer], self._at)

    def _at(self, maps: Tensor) -> Tensor:
        height, width = maps.shape[2:]
        x = width // 2 if self.x is None else self.x
        y = height // 2 if self.y is None else self.y
        if not (0 <= x < width and 0 <= y < height):
            raise ValueError(
                f"position ({x}, {y}) lies outside layer {self.layer}, which is {width} wide, {height} high"
            )
        return maps[:, self.channel, y, x].float()


def _both(reading: Reading, take: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
    numbers = {"activation": take(feature_maps(reading.value))}
    if reading.before is not None:
        numbers["preactivation"] = take(feature_maps(reading.before))
    return numbers
