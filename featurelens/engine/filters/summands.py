"""From a unit back to the layers of weights that make it, through what bends, pools, adds up and normalizes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import torch

from featurelens.engine.filters.functions import ALIASES, CONCATENATIONS, MOVES, SCALES, SUMS
from featurelens.engine.filters.kernel import Kernel, NotFollowed
from featurelens.engine.filters.pullback import pulled, spacing
from featurelens.engine.filters.tape import PICTURE, Value

ANY = 1_000_000


class Step(NamedTuple):
    """Something passed on the way that changes numbers: the function, and the layer that is it."""

    function: str
    layer: str | None


Made = Literal["convolution", "linear", "identity"]


@dataclass(frozen=True, eq=False)
class Summand:
    """One of the things that are added up to make a unit.

    `kernel` is over the channels of the value that the layer of weights `layer` takes; for an ``identity`` (a skip
    connection) of the value that is added as it is. `through` lies between the weights and the unit, the unit's end
    first; the weights are exact for what stands before the nonlinearities in it. `approximate`: nonlinearities between
    several layers of weights were passed as if they were straight.
    """

    made: Made
    layer: str | None
    kernel: Kernel
    through: tuple[Step, ...] = ()
    approximate: bool = False
    stride: tuple[int, int] | None = None
    dilation: tuple[int, int] = (1, 1)

    @property
    def from_picture(self) -> bool:
        return self.kernel.value.function == PICTURE


def summands(kernel: Kernel, bends: int = ANY, through: tuple[Step, ...] = ()) -> Iterator[Summand]:
    """What is added up behind `kernel`, each as far back as the next layer of weights.

    A summand that is no layer of weights ends as an identity where it has a name of its own: behind a nonlinearity,
    or where another module adds up. `bends` is how many nonlinearities may be passed. Raises `NotFollowed`.
    """
    yield from _summands(kernel, bends, through, summed=False, bent=False)


def _summands(kernel: Kernel, bends: int, through: tuple[Step, ...], *, summed: bool, bent: bool) -> Iterator[Summand]:
    end, named = kernel, False  # where it ends if it does not go on: as it was last named, and only moved since
    while True:
        value, name = kernel.value, kernel.value.function
        moving = name in ALIASES | MOVES
        if value.layer is not None or not named:
            end, named = kernel, value.layer is not None
        several = name in SUMS and len(value.sources) > 1
        try:
            step = pulled(kernel)
        except NotFollowed:
            if not (summed or kernel.spatial or name == PICTURE):
                raise
            step = None
        if step is None or (step.bent and not step.pooled and not bends) or (summed and several and value.modules):
            yield Summand("identity", None, end, through, bent and kernel.spatial)
            return
        if step.weights:
            made: Made = "convolution" if name == "conv2d" else "linear"
            layer = value.modules[0] if value.modules else value.layer
            end = settled(step.kernels[0])
            found = Summand(made, layer, end, through, bent and kernel.spatial)
            if made == "convolution" and not kernel.spatial:
                stride, dilation = spacing(value)
                found = replace(found, stride=stride, dilation=dilation)
            yield found
            return
        through, bent = (*through, *told(value)), bent or step.bent
        bends -= step.bent and not step.pooled
        named = named and moving
        if len(step.kernels) > 1:
            for each in step.kernels:
                if several or bool(each.weights.any()):
                    left = 0 if several else bends
                    yield from _summands(each, left, through, summed=summed or several, bent=bent)
            return
        (kernel,) = step.kernels


def told(value: Value) -> tuple[Step, ...]:
    """Whether what made it is worth telling of when it is passed."""
    name = value.function
    if name in ALIASES or (name in MOVES and name not in CONCATENATIONS):
        return ()
    return (Step(name, value.layer),)


def settled(kernel: Kernel) -> Kernel:
    """The same over what was flattened or otherwise rearranged, or over the picture, as a whole."""
    if _is_picture(kernel.value):
        return _over_picture(kernel)
    while kernel.value.function in ALIASES | MOVES - CONCATENATIONS:
        try:
            step = pulled(kernel)
        except NotFollowed:
            return kernel
        if len(step.kernels) != 1:
            return kernel
        (kernel,) = step.kernels
    return kernel


def _is_picture(value: Value) -> bool:
    """Whether it is the picture with its channels moved and scaled, as some networks prepare it once more."""
    passing = value.function in ALIASES | MOVES | SCALES | SUMS and bool(value.sources)
    return value.function == PICTURE or (passing and all(_is_picture(one) for one in value.sources))


def _over_picture(kernel: Kernel) -> Kernel:
    """All that comes together in `kernel`, over the picture; the kernel itself where that is not known."""
    if kernel.value.function == PICTURE:
        return kernel
    try:
        parts = [_over_picture(one) for one in pulled(replace(kernel, bias=0.0)).kernels]
    except NotFollowed:
        return kernel
    if any(one.value.function != PICTURE for one in parts):
        return kernel
    weights = torch.stack([one.weights for one in parts]).sum(0)
    return replace(parts[0], weights=weights, bias=kernel.bias + sum(one.bias for one in parts))
