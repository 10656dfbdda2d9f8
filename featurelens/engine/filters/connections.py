"""Units that feed a layer of weights: back from what it takes, through what only moves, pools or scales it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from torch import Tensor

from featurelens.engine.filters.functions import ALIASES, MOVES, POOLS
from featurelens.engine.filters.kernel import Kernel, NotFollowed
from featurelens.engine.filters.pullback import pulled
from featurelens.engine.filters.summands import Step, Summand, told
from featurelens.engine.filters.tape import PICTURE


@dataclass(frozen=True, eq=False)
class Connection:
    """A unit that feeds another, or is fed: `kernel` (h, w), float64, are the weights between them.

    `strength` is the L2 norm of the kernel with the sign of its sum. `layer` None: the picture itself, and `channel` is
    one of its colours as the network takes them. `through` lies between the unit and the weights. `summand` counts
    among what the other is the sum of.
    """

    layer: str | None
    channel: int
    kernel: Tensor
    through: tuple[Step, ...] = ()
    summand: int = 0

    @property
    def sum(self) -> float:
        return float(self.kernel.sum())

    @property
    def strength(self) -> float:
        return math.copysign(float(self.kernel.norm()), self.sum)


def incoming(summand: Summand, number: int = 0) -> tuple[list[Connection], list[str]]:
    """The units that feed `summand`, which is told of as `number`; and why others cannot be named, if any cannot."""
    found: list[Connection] = []
    unknown: list[str] = []
    for source in _sources(summand.kernel, ()):
        if isinstance(source, str):
            unknown.append(source)
            continue
        kernel, layer, through = source
        down, across = summand.dilation
        for channel, weights in enumerate(kernel.weights[:, ::down, ::across]):
            if bool(weights.any()):
                found.append(Connection(layer, channel, weights, through, number))
    return found, unknown


_Found = tuple[Kernel, str | None, tuple[Step, ...]]


def _sources(kernel: Kernel, through: tuple[Step, ...], moved: _Found | None = None) -> Iterator[_Found | str]:
    """The parts of `kernel` over values that layers answer with, or over the picture (None); or why there are none.

    `moved`: what was found already, and is no more than moved or pooled.
    """
    value = kernel.value
    passing = value.function in ALIASES | MOVES | POOLS
    named = moved if value.layer is None else (kernel, value.layer, through)
    if value.function == PICTURE:
        yield kernel, None, through
        return
    if named is not None and not passing:
        yield named
        return
    try:
        # A unit is the same one wherever it is pooled: its weights stay those for the pooled map.
        step = pulled(replace(kernel, spatial=False))
        if step.weights or (len(step.kernels) > 1 and not passing):
            raise NotFollowed(f"no layer answers with the {value.function} that is weighted")
    except NotFollowed as reason:
        yield str(reason) if named is None else named
        return
    for each in step.kernels:
        yield from _sources(each, (*through, *told(value)), named)
