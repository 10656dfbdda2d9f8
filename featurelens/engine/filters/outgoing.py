"""Units that a unit feeds: on from its value, through what bends, pools, moves or scales it, to the next weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from featurelens.engine.filters.connections import Connection
from featurelens.engine.filters.functions import ALIASES, MOVES, NONLINEARITIES, POOLS, SCALES, SUMS
from featurelens.engine.filters.kernel import NotFollowed
from featurelens.engine.filters.moves import channel_axis, moves
from featurelens.engine.filters.scales import channel_scale, fixed
from featurelens.engine.filters.summands import Step, told
from featurelens.engine.filters.tape import Value


@dataclass(frozen=True)
class _Place:
    """Channel `channel` of `value` along `axis` is `factor` times the unit. `spread`: the places of the unit's own
    feature map (height, width) in a value that was flattened, in C order. `path`: the values on the way, this one last.
    """

    path: tuple[Value, ...]
    axis: int
    channel: int
    factor: float = 1.0
    through: tuple[Step, ...] = ()
    spread: Tensor | None = None
    map: tuple[int, int] = (1, 1)

    @property
    def value(self) -> Value:
        return self.path[-1]

    def on(self, value: Value) -> _Place:
        """The same in `value`, which was made of this one."""
        return replace(self, path=(*self.path, value))


def outgoing(value: Value, axis: int, channel: int) -> tuple[list[Connection], list[str]]:
    """The units that channel `channel` of `value` feeds; and where else it goes, which is not followed, and why.

    What comes to a unit several times the same way, as twice in a concatenation, counts once, with all its weights.
    """
    found: dict[tuple[object, ...], Connection] = {}
    unknown: list[str] = []
    waiting = [_Place((value,), axis, channel)]
    while waiting:
        place = waiting.pop(0)
        for user in place.value.users:
            try:
                if user.function in {"conv2d", "linear"}:
                    fed = _fed(user, place)
                elif user.function in SUMS and len(user.sources) > 1:
                    fed = [_added(user, place)]
                else:
                    waiting += _passed(user, place)
                    continue
            except NotFollowed as reason:
                where = f" ({user.layer})" if user.layer else ""
                unknown.append(f"{reason}{where}")
                continue
            for one in fed:
                way = (*place.path, user, one.channel)
                found[way] = one if way not in found else replace(one, kernel=found[way].kernel + one.kernel)
    return [one for one in found.values() if bool(one.kernel.any())], list(dict.fromkeys(unknown))


def _passed(user: Value, place: _Place) -> Iterator[_Place]:
    """Where the unit is in `user`, which makes no other unit of it. Raises `NotFollowed`."""
    name, source = user.function, place.value
    if user.call is None:
        raise NotFollowed(name)
    on = replace(place.on(user), through=(*place.through, *told(user)))
    if name in MOVES:
        yield from _moved(user, on, place)
        return
    if name in ALIASES | NONLINEARITIES and len(set(user.sources)) == 1:
        yield on
        return
    if place.spread is not None:
        raise NotFollowed(f"{name} of what is flattened")
    pooled = name in POOLS and len(user.shape) > 1
    if pooled and user.shape[channel_axis(user)] == source.shape[place.axis]:
        yield replace(on, axis=channel_axis(user))
        return
    scale = channel_scale(user, place.axis) if len(set(user.sources)) == 1 else None
    if scale is not None and user.shape == source.shape:
        yield replace(on, factor=place.factor * float(scale[0][place.channel]))
    elif name in SCALES and user.shape == source.shape:
        yield on  # gated
    else:
        raise NotFollowed(f"{name} is not a sum of its channels with fixed weights")


def _moved(user: Value, on: _Place, place: _Place) -> Iterator[_Place]:
    found = moves(user, channel_axis(user)) or ()
    if all(move.source is not place.value for move in found):
        yield from _further(user, on, place)
        return
    for move in found:
        if move.source is not place.value:
            continue
        if place.spread is not None:
            if move.axis is None or move.source.shape != user.shape:
                raise NotFollowed(f"{user.function} of what is flattened")
            yield on
        elif move.axis == place.axis:
            for row in move.rows[move.places == place.channel].tolist():
                yield replace(on, axis=channel_axis(user), channel=row)
        elif move.axis is None:
            shape = move.source.shape
            own = torch.zeros(shape, dtype=torch.bool)
            own.movedim(place.axis, 0)[place.channel] = True
            inside = own.flatten()[move.places]
            order = move.places[inside].argsort()
            plane = [size for axis, size in enumerate(shape) if axis not in (0, place.axis)]
            rows = move.rows[inside][order]
            if len(plane) != 2 or len(rows) != plane[0] * plane[1]:
                raise NotFollowed(f"{user.function} of some positions")
            yield replace(on, axis=channel_axis(user), spread=rows, map=(plane[0], plane[1]))
        else:
            raise NotFollowed(f"{user.function}, in which channels become positions")


def _further(user: Value, on: _Place, place: _Place) -> Iterator[_Place]:
    """Where channels that are split over several axes are whole again."""
    later = [one for one in user.users if one.function in ALIASES | MOVES]
    if not later or len(later) < len(user.users):
        raise NotFollowed(f"{user.function}, which takes channels apart")
    for one in later:
        yield from (_further if one.function in ALIASES else _moved)(one, on.on(one), place)


def _fed(user: Value, place: _Place) -> list[Connection]:
    """The units of a layer of weights, each with what the unit counts in it."""
    if user.argument(0, "input") is not place.value:
        raise NotFollowed(f"{user.function} with weights that the picture decides")
    weights = fixed(user.argument(1, "weight"))
    first = 0
    if user.function == "conv2d":
        if place.axis != 1:
            raise NotFollowed("conv2d with channels in another axis")
        group, inside = divmod(place.channel, weights.shape[1])
        each = weights.shape[0] // user.argument(6, "groups", 1)
        first = group * each
        kernels = weights[first : first + each, inside]
    elif place.spread is not None:
        kernels = weights[:, place.spread].view(-1, *place.map)
    elif place.axis == len(place.value.shape) - 1:
        kernels = weights[:, place.channel, None, None]
    else:
        raise NotFollowed("linear over positions")
    layer, factors = _answering(user, 1 if user.function == "conv2d" else len(user.shape) - 1)
    kernels = kernels.double() * (factors[first : first + len(kernels), None, None] * place.factor)
    return [Connection(layer, first + number, kernel, place.through) for number, kernel in enumerate(kernels)]


def _added(user: Value, place: _Place) -> Connection:
    """The unit of a sum, which it is added to as it is, or twice."""
    if place.spread is not None or user.shape != place.value.shape:
        raise NotFollowed(f"{user.function} of values of several shapes")
    alpha = float(user.kwargs.get("alpha", 1.0)) * (-1.0 if user.function.endswith("sub") else 1.0)
    times = sum(factor for one, factor in zip(user.operands, (1.0, alpha), strict=True) if one is place.value)
    layer, factors = _answering(user, place.axis)
    kernel = torch.full((1, 1), place.factor * times * float(factors[place.channel]), dtype=torch.float64)
    return Connection(layer, place.channel, kernel, place.through)


def _answering(value: Value, axis: int) -> tuple[str, Tensor]:
    """The layer that `value` is part of, normalized and bent, and the factors (C,) that normalizing brings.

    Raises `NotFollowed` where no layer answers with any of it.
    """
    factors = torch.ones(value.shape[axis], dtype=torch.float64)
    best: tuple[str, Tensor] | None = None
    while True:
        if value.layer is not None:
            best = (value.layer, factors)
        if len(value.users) != 1 or value.users[0].shape != value.shape:
            break
        (value,) = value.users
        if value.function in ALIASES | NONLINEARITIES:
            continue
        scale = channel_scale(value, axis) if len(value.sources) == 1 else None
        if scale is None:
            break
        factors = factors * scale[0]
    if best is None:
        raise NotFollowed(f"no layer answers with this {value.function}")
    return best
