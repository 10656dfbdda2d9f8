"""Which axis of a value holds its channels, and where each channel of a rearranged value comes from.

Found out by rearranging the numbers of places in place of the values.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from featurelens.engine.filters.functions import ALIASES, CONCATENATIONS, MOVES, NONLINEARITIES, SUMS
from featurelens.engine.filters.tape import Value, replaced

_ELEMENTWISE = ALIASES | NONLINEARITIES | SUMS | {"pad"}


@dataclass(frozen=True, eq=False)
class Move:
    """Channels `rows` of the new value are `places` of `source`: channels along its `axis`, or, where the source was
    flattened, single numbers of it in C order (`axis` None).
    """

    source: Value
    axis: int | None
    rows: Tensor
    places: Tensor


def channel_axis(value: Value) -> int:
    """The axis of its channels: where the functions that made it have put them, else where most networks do."""
    if value.channels is None:
        value.channels = _channel_axis(value)
    return value.channels


def _channel_axis(value: Value) -> int:
    dimensions = len(value.shape)
    if value.function in {"linear", "layer_norm"}:
        return dimensions - 1
    source = next(iter(value.sources), None)
    if source is not None and value.function in _ELEMENTWISE and len(source.shape) == dimensions:
        return channel_axis(source)
    if source is not None and value.function in MOVES:
        axis = channel_axis(source)
        for own in range(1, dimensions):
            if any(move.axis == axis and move.source is source for move in moves(value, own) or ()):
                return own
    return 2 if dimensions == 3 else min(1, dimensions - 1)


def moves(value: Value, axis: int) -> tuple[Move, ...] | None:
    """What the channels of `value` along `axis` are in what it was made of. Of constants nothing is told.

    None where one of its channels is put together from several. Worked out once.
    """
    if axis not in value.known:
        value.known[axis] = _moves(value, axis)
    found: tuple[Move, ...] | None = value.known[axis]
    return found


def _moves(value: Value, axis: int) -> tuple[Move, ...] | None:
    sources = value.sources
    if value.call is None or not sources:
        return None
    joined = value.function in CONCATENATIONS
    if not joined and len(sources) > 1:
        return None  # the picture decides what is taken
    if joined and value.function != "stack" and value.argument(1, "dim", 0) % len(value.shape) == axis:
        return _parts(value.argument(0, "tensors"), axis)
    starts = dict(
        zip(sources, itertools.accumulate((math.prod(one.shape) for one in sources), initial=0), strict=False)
    )

    def numbered(one: Value) -> Tensor:
        if one.constant is not None:
            return torch.full(one.shape, -1) if joined else one.constant
        return torch.arange(math.prod(one.shape)).view(one.shape) + starts[one]

    answer = value.call(*replaced(value.args, Value, numbered), **replaced(value.kwargs, Value, numbered))
    places = answer if value.item is None else answer[value.item]
    rows = places.movedim(axis, 0).flatten(1)  # (channels, numbers of each)
    found: list[Move] = []
    for source in dict.fromkeys(sources):
        start, end = starts[source], starts[source] + math.prod(source.shape)
        inside = (rows >= start) & (rows < end)
        own = inside.any(1)
        if (own & ((rows >= 0) & ~inside).any(1)).any():
            return None
        if own.any():
            move = _from(source, torch.nonzero(own)[:, 0], rows[own] - start, inside[own])
            if move is None:
                return None
            found.append(move)
    return tuple(found)


def _parts(joined: Sequence[Value], axis: int) -> tuple[Move, ...]:
    """Of a concatenation along the channels; what the rest finds out, in less time."""
    found, first = [], 0
    for part in joined:
        places = torch.arange(part.shape[axis])
        if part.constant is None:
            found.append(Move(part, axis, places + first, places))
        first += len(places)
    return tuple(found)


def _from(source: Value, rows: Tensor, places: Tensor, inside: Tensor) -> Move | None:
    """`places` (rows, n) in the source, of which those `inside` count."""
    first = places.gather(1, inside.long().argmax(1, keepdim=True))
    coordinates = torch.unravel_index(torch.where(inside, places, first), source.shape)
    usual = channel_axis(source)
    for axis in sorted(range(len(source.shape)), key=lambda one: one != usual):
        along = coordinates[axis]
        alone = len(set(along[:, 0].tolist())) == len(rows)
        if alone and bool((along == along[:, :1]).all()):
            return Move(source, axis, rows, along[:, 0])
    return Move(source, None, rows, first[:, 0]) if places.shape[1] == 1 else None
