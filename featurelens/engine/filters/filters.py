"""The weights that make one unit: what it is the sum of, which units feed it, and which it feeds."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from featurelens.engine.filters.connections import Connection, incoming
from featurelens.engine.filters.functions import NONLINEARITIES
from featurelens.engine.filters.kernel import Kernel, NotFollowed
from featurelens.engine.filters.moves import channel_axis
from featurelens.engine.filters.outgoing import outgoing
from featurelens.engine.filters.summands import Summand, summands
from featurelens.engine.filters.tape import Tape, Value, record
from featurelens.engine.network import Network


@dataclass(frozen=True, eq=False)
class Connections:
    """The strongest of `count`, by `Connection.strength`: positive ones and negative ones, the strongest first.

    `scale` is the largest weight, without its sign, in any kernel of those shown; 0.0 where there are none.
    """

    positive: tuple[Connection, ...]
    negative: tuple[Connection, ...]
    count: int

    @property
    def scale(self) -> float:
        return max((float(one.kernel.abs().max()) for one in (*self.positive, *self.negative)), default=0.0)


@dataclass(frozen=True, eq=False)
class Filters:
    """The weights of one unit, batch norm folded in, as their author's network uses them.

    `summands` are added up to make it. `incoming` are the units that feed those, `outgoing` the units that it feeds
    itself. `expanded` goes on behind `incoming`, past at most one nonlinearity, to the layers of weights before: an
    approximation, where one of `behind` says so. `picture` and `expanded_picture` (C, h, w) are the kernels over the
    picture, in units of what the network's preprocessing makes of it, where what is weighted is the picture itself.
    `unknown` says what could not be followed, and why.
    """

    summands: tuple[Summand, ...]
    incoming: Connections
    outgoing: Connections
    behind: tuple[Summand, ...]
    expanded: Connections
    picture: Tensor | None
    expanded_picture: Tensor | None
    unknown: tuple[str, ...]

    @property
    def preactivation(self) -> bool:
        """Whether the weights speak of what stands before a nonlinearity, not of what the unit answers."""
        return any(step.function in NONLINEARITIES for one in self.summands for step in one.through)


def filters_of(network: Network, layer: str, channel: int, size: tuple[int, int], units: int = 10) -> Filters:
    """Of channel `channel` of `layer`; at most `units` of each kind of connection.

    A forward pass over zeros of `size` (height, width in pixels) tells how the network computes. Raises KeyError for a
    layer that never answers, IndexError for a channel that it does not have, and what the network raises.
    """
    parts = reading(network, layer, channel, size, units)
    while True:
        try:
            next(parts)
        except StopIteration as done:
            found: Filters = done.value
            return found


def reading(
    network: Network, layer: str, channel: int, size: tuple[int, int], units: int = 10
) -> Generator[None, None, Filters]:
    """The same in parts, for whoever has other things to do in between; none takes much longer than a forward pass."""
    tape = record(network, size)
    yield
    if layer not in tape.layers:
        raise KeyError(f"no layer {layer} answers")
    value = tape.layers[layer]
    axis = _axis(network, layer, value)
    if not 0 <= channel < value.shape[axis]:
        raise IndexError(f"{layer} has the channels 0 to {value.shape[axis] - 1}")
    unknown: list[str] = []
    parts = _followed(tape, Kernel(value, axis, _one(value.shape[axis], channel)), layer, unknown)
    fed, lost = _incoming(parts)
    unknown += [f"incoming units: {reason}" for reason in lost]
    yield
    feeds, lost = outgoing(value, axis, channel)
    unknown += [f"outgoing units: {reason}" for reason in lost]
    yield
    behind = tuple(each for part in parts if not part.from_picture for each in _behind(part))
    further, lost = _incoming(behind)
    unknown += [f"expanded weights: {reason}" for reason in lost]
    strongest = []
    for connections in (fed, feeds, further):
        yield
        strongest.append(_strongest(connections, units))
    return Filters(
        summands=parts,
        incoming=strongest[0],
        outgoing=strongest[1],
        behind=behind,
        expanded=strongest[2],
        picture=_picture(parts),
        expanded_picture=_picture(behind),
        unknown=tuple(dict.fromkeys(unknown)),
    )


def _axis(network: Network, layer: str, value: Value) -> int:
    if layer in network.layouts:
        return network.layouts[layer].index("C")
    return len(value.shape) - 1 if layer in network.channels_last else channel_axis(value)


def _one(channels: int, channel: int) -> Tensor:
    weights = torch.zeros(channels, 1, 1, dtype=torch.float64)
    weights[channel] = 1
    return weights


def _followed(tape: Tape, kernel: Kernel, layer: str, unknown: list[str]) -> tuple[Summand, ...]:
    try:
        return tuple(summands(kernel))
    except NotFollowed as reason:
        unknown.append(f"what makes {layer}: {reason}")
        return ()


def _behind(summand: Summand) -> Iterable[Summand]:
    """What is added up to make what `summand` weights, past one nonlinearity; nothing behind a skip connection."""
    if summand.made == "identity":
        return ()
    try:
        return [one for one in summands(summand.kernel, bends=1) if one.kernel.value is not summand.kernel.value]
    except NotFollowed:
        return ()


def _incoming(parts: Sequence[Summand]) -> tuple[list[Connection], list[str]]:
    found: list[Connection] = []
    unknown: list[str] = []
    for number, part in enumerate(parts):
        some, lost = incoming(part, number)
        found += some
        unknown += lost
    return found, unknown


def _strongest(found: Sequence[Connection], units: int) -> Connections:
    strengths = [one.strength for one in found]

    def of(sign: int) -> tuple[Connection, ...]:
        order = sorted((-sign * strength, place) for place, strength in enumerate(strengths) if sign * strength > 0)
        return tuple(found[place] for _, place in order[:units])

    return Connections(of(1), of(-1), len(found))


def _picture(parts: Iterable[Summand]) -> Tensor | None:
    """The kernel over the picture, where there is one; where several are added up, the first."""
    return next((part.kernel.weights for part in parts if part.from_picture), None)
