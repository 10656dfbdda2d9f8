"""Filters as a result tells of them: numbers, and a picture of each kernel, in the rows of one sheet."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from featurelens.engine.filters import Connection, Connections, Filters, Summand
from featurelens.engine.filters.pictures import colours, diverging, tiles
from featurelens.engine.network import Network
from featurelens.jobs.palette import DARK_BLUE, LIGHT_ORANGE
from featurelens.worker.protocol import Finished

SIDE = 96
"""Pixels of a picture, at least."""
MOST_NUMBERS = 1024
"""Of one kernel, as numbers; a larger one is a picture only, or answers would be too long."""
_DIGITS = 6


class FilterSheet:
    """`numbers` as the API shows them, with the `image` of each kernel, and the pictures these count."""

    def __init__(self, filters: Filters, network: Network) -> None:
        self._network = network
        self._rows: list[list[Tensor]] = []
        wanted = [filters.incoming, filters.outgoing, filters.expanded]
        self._columns = max([3, *(len(some) for one in wanted for some in (one.positive, one.negative))])
        self.numbers: dict[str, Any] = {
            "preactivation": filters.preactivation,
            "summands": [_summand(one) for one in filters.summands],
            "picture": self._parts(filters.picture),
            "incoming": self._connections(filters.incoming),
            "outgoing": self._connections(filters.outgoing),
            "behind": [{**_summand(one), "bias": None} for one in filters.behind],
            "expanded_picture": self._parts(filters.expanded_picture),
            "expanded": self._connections(filters.expanded),
            "unknown": list(filters.unknown),
        }

    def message(self, numbers: dict[str, Any]) -> tuple[Finished, bytes]:
        """With further `numbers`, and the pixels."""
        told = {**self.numbers, **numbers}
        if not self._rows:
            return Finished(numbers=told), b""
        places = [[*row, *[None] * (self._columns - len(row))] for row in self._rows]
        pixels = tiles([one for row in places for one in row], SIDE)
        count, height, width, channels = pixels.shape
        done = Finished(
            pictures=count, height=height, width=width, channels=channels, columns=self._columns, numbers=told
        )
        return done, pixels.numpy().tobytes()

    def _row(self, pictures: list[Tensor]) -> int:
        """The number of the first picture of a new row."""
        first = len(self._rows) * self._columns
        if pictures:
            self._rows.append(pictures)
        return first

    def _parts(self, kernel: Tensor | None) -> dict[str, Any] | None:
        """A kernel over the picture: whole, its positive part, its negative part."""
        if kernel is None:
            return None
        scale = float(kernel.abs().max())
        parts = (kernel, kernel.clamp(min=0), kernel.clamp(max=0))
        first = self._row([colours(one, scale, self._network) for one in parts])
        _, height, width = kernel.shape
        told = {"whole": first, "positive": first + 1, "negative": first + 2}
        return {**told, "scale": _rounded(scale), "height": height, "width": width}

    def _connections(self, found: Connections) -> dict[str, Any]:
        lists = {"positive": found.positive, "negative": found.negative}
        told: dict[str, Any] = {"count": found.count, "scale": _rounded(found.scale)}
        for name, some in lists.items():
            first = self._row([diverging(one.kernel, found.scale, DARK_BLUE, LIGHT_ORANGE) for one in some])
            told[name] = [_connection(one, first + place) for place, one in enumerate(some)]
        return told


def _connection(one: Connection, image: int) -> dict[str, Any]:
    height, width = one.kernel.shape
    few = height * width <= MOST_NUMBERS
    return {
        "layer": one.layer,
        "channel": one.channel,
        "strength": _rounded(one.strength),
        "sum": _rounded(one.sum),
        "height": height,
        "width": width,
        "kernel": [[_rounded(weight) for weight in row] for row in one.kernel.tolist()] if few else None,
        "through": [step._asdict() for step in one.through],
        "summand": one.summand,
        "image": image,
    }


def _summand(one: Summand) -> dict[str, Any]:
    channels, height, width = one.kernel.weights.shape
    return {
        "made": one.made,
        "layer": one.layer,
        "through": [step._asdict() for step in one.through],
        "from_picture": one.from_picture,
        "channels": channels,
        "height": -(-height // one.dilation[0]),
        "width": -(-width // one.dilation[1]),
        "stride": None if one.stride is None else list(one.stride),
        "dilation": list(one.dilation),
        "bias": _rounded(one.kernel.bias),
        "whole": one.kernel.whole,
        "approximate": one.approximate,
    }


def _rounded(number: float) -> float:
    """Weights are float32: no more digits mean anything."""
    return float(f"{number:.{_DIGITS}g}")
