"""One function backwards: from weights over what it answers with to weights over what it was given.

A kernel is the derivative of a sum with respect to a patch of a feature map, so it is carried back as gradients are: a
convolution by its transpose (Voss et al. 2021, "Visualizing Weights", Distill: products of kernels are convolutions of
kernels). What bends is passed as if it were straight, maximum pooling as if it took the mean; a `Pulled` says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from featurelens.engine.filters.functions import ALIASES, MOVES, NONLINEARITIES, POOLS, SCALES, SUMS
from featurelens.engine.filters.kernel import Kernel, NotFollowed, pair, source_of
from featurelens.engine.filters.moves import Move, channel_axis, moves
from featurelens.engine.filters.pooling import MEANS, cut, pooled
from featurelens.engine.filters.scales import channel_scale, fixed, number
from featurelens.engine.filters.tape import PICTURE, Value

_ROWS = 256
"""Of weights in float64 at once: fully connected layers may have a hundred million."""


@dataclass(frozen=True, eq=False)
class Pulled:
    """`kernels` over what a function was given. `weights`: it is a layer of weights, `bent`: it was passed as if it
    were straight.
    """

    kernels: tuple[Kernel, ...]
    weights: bool = False
    bent: bool = False


def pulled(kernel: Kernel) -> Pulled:
    """Through the function that made its value. Raises `NotFollowed`."""
    name = kernel.value.function
    if name in ALIASES:
        return Pulled((replace(kernel, value=source_of(kernel.value)),))
    if name in NONLINEARITIES:
        # What is added before it does not come out of it unchanged.
        return Pulled((replace(kernel, value=source_of(kernel.value), bias=0.0),), bent=True)
    if name in MOVES:
        return Pulled(_together(moved(kernel, one) for one in _moves(kernel)))
    if name in POOLS:
        return Pulled((pooled(kernel),), bent=kernel.spatial and name not in MEANS)
    if name in SUMS:
        return Pulled(_summed(kernel))
    if name in SCALES:
        return _scaled(kernel)
    if name == "batch_norm":
        return Pulled((_normalized(kernel),))
    if name == "conv2d":
        return Pulled((_convolved(kernel),), weights=True)
    if name == "linear" and kernel.axis == len(kernel.value.shape) - 1:
        return Pulled((_linear(kernel),), weights=True)
    if name == PICTURE:
        raise NotFollowed("the picture")
    raise NotFollowed(name if kernel.value.call is None else f"{name} is not a sum of its channels with fixed weights")


def moved(kernel: Kernel, move: Move) -> Kernel:
    """Over the channels of `move`'s source; those that are not moved have no weight."""
    source = move.source
    if move.axis is not None:
        weights = kernel.weights.new_zeros(source.shape[move.axis], *kernel.weights.shape[1:])
        weights.index_add_(0, move.places, kernel.weights[move.rows])
        return replace(kernel, value=source, axis=move.axis, weights=weights)
    axis = channel_axis(source)
    if len(source.shape) not in (3, 4) or axis == 0:
        raise NotFollowed(f"{kernel.value.function} of a value with {len(source.shape)} dimensions")
    flat = kernel.weights.new_zeros(torch.Size(source.shape).numel())
    flat.index_add_(0, move.places, kernel.weights[move.rows, 0, 0])
    spread = flat.view(source.shape)[0].movedim(axis - 1, 0)
    spread = spread if spread.dim() == 3 else spread[:, :, None]
    return replace(kernel, value=source, axis=axis, weights=spread, spatial=True, whole=True)


def spacing(convolution: Value) -> tuple[tuple[int, int], tuple[int, int]]:
    """Its stride and its dilation, down and across."""
    return pair(convolution.argument(3, "stride", 1)), pair(convolution.argument(5, "dilation", 1))


def _moves(kernel: Kernel) -> tuple[Move, ...]:
    found = moves(kernel.value, kernel.axis)
    if found is None:
        raise NotFollowed(f"{kernel.value.function}, behind which channels cannot be told apart")
    return found


def _together(kernels: Iterable[Kernel]) -> tuple[Kernel, ...]:
    """One of all those over the same value, as where it is twice in a concatenation."""
    found: dict[tuple[object, ...], Kernel] = {}
    for one in kernels:
        over = (one.value, one.axis, one.weights.shape)
        found[over] = one if over not in found else replace(one, weights=found[over].weights + one.weights)
    return tuple(found.values())


def _summed(kernel: Kernel) -> tuple[Kernel, ...]:
    value = kernel.value
    if len(value.sources) == 1:
        return (_rescaled(kernel),)
    sources = value.operands
    if any(not isinstance(one, Value) or one.shape != value.shape for one in sources):
        raise NotFollowed(f"{value.function} of values of several shapes")
    alpha = float(value.kwargs.get("alpha", 1.0)) * (-1.0 if value.function.endswith("sub") else 1.0)
    # The bias that was added up so far is told of once.
    return (
        replace(kernel, value=sources[0]),
        replace(kernel, value=sources[1], weights=kernel.weights * alpha, bias=0.0),
    )


def _scaled(kernel: Kernel) -> Pulled:
    value = kernel.value
    if len(value.sources) == 1:
        return Pulled((_rescaled(kernel),))
    gated = [one for one in dict.fromkeys(value.sources) if one.shape == value.shape]
    if value.function not in {"mul", "imul", "multiply"} or len(gated) != 1 or len(set(value.sources)) != 2:
        raise NotFollowed(f"{value.function} of two values of the picture")
    # A gate: one number a channel that the picture decides, as of squeeze and excitation.
    return Pulled((replace(kernel, value=gated[0], bias=0.0),), bent=True)


def _rescaled(kernel: Kernel) -> Kernel:
    found = channel_scale(kernel.value, kernel.axis)
    if found is None:
        raise NotFollowed(kernel.value.function)
    if source_of(kernel.value).shape != kernel.value.shape:
        raise NotFollowed(f"{kernel.value.function} of values of several shapes")
    factor, offset = found
    bias = kernel.bias + float((kernel.weights.sum((1, 2)) * offset).sum())
    return replace(kernel, value=source_of(kernel.value), weights=kernel.weights * factor[:, None, None], bias=bias)


def _normalized(kernel: Kernel) -> Kernel:
    if kernel.axis != 1:
        raise NotFollowed("batch_norm of another axis than that of the channels")
    return _rescaled(kernel)


def _convolved(kernel: Kernel) -> Kernel:
    value = kernel.value
    weight, bias = fixed(value.argument(1, "weight")), value.argument(2, "bias")
    stride, dilation = spacing(value)
    if kernel.axis != 1:
        raise NotFollowed("conv2d with channels in another axis")
    groups = value.argument(6, "groups", 1)
    own = _weighted(kernel) if groups == 1 else torch.arange(len(weight))
    above, below = kernel.weights[own][None], weight[own].double()
    kernels = F.conv_transpose2d(above, below, stride=stride, groups=groups, dilation=dilation)[0]
    if kernel.whole:
        kernels = cut(kernels, value.argument(0, "input"), _padding(value, weight, dilation))
    return _through(kernel, value.argument(0, "input"), 1, kernels, bias)


def _weighted(kernel: Kernel) -> Tensor:
    """The channels that have any weight: of all others nothing needs to be read."""
    return torch.nonzero(kernel.weights.flatten(1).any(1))[:, 0]


def _padding(value: Value, weight: Tensor, dilation: tuple[int, int]) -> tuple[int, int]:
    """Above and to the left."""
    stated = value.argument(4, "padding", 0)
    if not isinstance(stated, str):
        return pair(stated)
    height, width = (rate * (size - 1) // 2 for rate, size in zip(dilation, weight.shape[2:], strict=True))
    return (height, width) if stated == "same" else (0, 0)


def _linear(kernel: Kernel) -> Kernel:
    value = kernel.value
    weight, source = fixed(value.argument(1, "weight")), value.argument(0, "input")
    if channel_axis(source) != len(source.shape) - 1:
        raise NotFollowed("linear over positions")
    kernels = kernel.weights.new_zeros(weight.shape[1], *kernel.weights.shape[1:])
    for some in torch.split(_weighted(kernel), _ROWS):
        kernels += torch.einsum("chw,cd->dhw", kernel.weights[some], weight[some].double())
    return _through(kernel, source, len(source.shape) - 1, kernels, value.argument(2, "bias"))


def _through(kernel: Kernel, source: Value, axis: int, weights: Tensor, bias: Value | None) -> Kernel:
    """Behind a layer of weights."""
    own = 0.0 if bias is None else float((kernel.weights.sum((1, 2)) * number(bias)).sum())
    return replace(kernel, value=source, axis=axis, weights=weights, bias=kernel.bias + own, spatial=True)
