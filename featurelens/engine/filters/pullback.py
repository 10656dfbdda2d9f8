"""One function backwards: from weights over what it answers with to weights over what it was given.

A kernel is the derivative of a sum with respect to a patch of a feature map, so it is carried back as gradients are: a
convolution by its transpose (Voss et al. 2021, "Visualizing Weights", Distill: products of kernels are convolutions of
kernels). What bends is passed as if it were straight, maximum pooling as if it took the mean; a `Pulled` says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from featurelens.engine.filters.functions import ALIASES, MOVES, NONLINEARITIES, POOLS, SCALES, SUMS
from featurelens.engine.filters.moves import Move, channel_axis, moves
from featurelens.engine.filters.tape import PICTURE, Value


class NotFollowed(Exception):
    """Why nobody can tell where a value's channels come from."""


@dataclass(frozen=True, eq=False)
class Kernel:
    """`weights` (C, h, w), float64, over the channels of `value` along `axis`; what is summed up also has a `bias`.

    `spatial` once it has gone through weights: until then it is one position. `whole`: it covers the feature map and
    does not slide.
    """

    value: Value
    axis: int
    weights: Tensor
    bias: float = 0.0
    spatial: bool = False
    whole: bool = False


@dataclass(frozen=True, eq=False)
class Pulled:
    """`kernels` over what a function was given. `weights`: it is a layer of weights, `bent`: it was passed as if it
    were straight, `pooled`: it mixes positions.
    """

    kernels: tuple[Kernel, ...]
    weights: bool = False
    bent: bool = False
    pooled: bool = False


def pulled(kernel: Kernel) -> Pulled:
    """Through the function that made its value. Raises `NotFollowed`."""
    name = kernel.value.function
    if name in ALIASES:
        return Pulled((replace(kernel, value=_source(kernel.value)),))
    if name in NONLINEARITIES:
        # What is added before it does not come out of it unchanged.
        return Pulled((replace(kernel, value=_source(kernel.value), bias=0.0),), bent=True)
    if name in MOVES:
        return Pulled(tuple(moved(kernel, one) for one in _moves(kernel)))
    if name in POOLS:
        return Pulled((_pooled(kernel),), bent=kernel.spatial and name not in _MEANS, pooled=True)
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
        weights[move.places] = kernel.weights[move.rows]
        return replace(kernel, value=source, axis=move.axis, weights=weights)
    axis = channel_axis(source)
    if len(source.shape) not in (3, 4) or axis == 0:
        raise NotFollowed(f"{kernel.value.function} of a value with {len(source.shape)} dimensions")
    flat = kernel.weights.new_zeros(torch.Size(source.shape).numel())
    flat[move.places] = kernel.weights[move.rows, 0, 0]
    spread = flat.view(source.shape)[0].movedim(axis - 1, 0)
    spread = spread if spread.dim() == 3 else spread[:, :, None]
    return replace(kernel, value=source, axis=axis, weights=spread, spatial=True, whole=True)


def channel_scale(value: Value, axis: int) -> tuple[Tensor, Tensor] | None:
    """Factor and offset (C,), float64, of what changes each channel by itself and by fixed numbers alone."""
    if value.function == "batch_norm":
        _, mean, variance, weight, bias = (value.argument(place, name) for place, name in enumerate(_BATCH_NORM))
        if mean is None or value.argument(5, "training", False):
            raise NotFollowed("batch_norm by the statistics of the picture itself")
        factor = 1 / (_number(variance) + value.argument(7, "eps", 1e-5)).sqrt()
        factor = factor if weight is None else factor * _number(weight)
        offset = -_number(mean) * factor
        return factor, offset if bias is None else offset + _number(bias)
    if value.function in SCALES and len(value.sources) == 1:
        other = value.args[1] if value.sources[0] is value.args[0] else value.args[0]
        if value.function.endswith(("div", "divide")):
            if value.sources[0] is not value.args[0]:
                raise NotFollowed("division by a value of the picture")
            return 1 / (factor := _by_channel(other, value, axis)), torch.zeros_like(factor)
        factor = _by_channel(other, value, axis)
        return factor, torch.zeros_like(factor)
    if value.function in SUMS and len(value.sources) == 1:
        first = value.sources[0] is value.args[0]
        sign = -1.0 if value.function.endswith("sub") else 1.0
        offset = _by_channel(value.args[1] if first else value.args[0], value, axis)
        alpha = value.kwargs.get("alpha", 1.0)
        own, others = (1.0, sign * alpha) if first else (sign * alpha, 1.0)
        return torch.full_like(offset, own), offset * others
    return None


_MEANS = frozenset(("avg_pool2d", "adaptive_avg_pool2d", "mean", "pad"))
_BATCH_NORM = ("input", "running_mean", "running_var", "weight", "bias")


def spacing(convolution: Value) -> tuple[tuple[int, int], tuple[int, int]]:
    """Its stride and its dilation, down and across."""
    return _pair(convolution.argument(3, "stride", 1)), _pair(convolution.argument(5, "dilation", 1))


def _source(value: Value) -> Value:
    """The one value it was made of. Raises `NotFollowed` where it is another's, too."""
    found = list(dict.fromkeys(value.sources))
    if len(found) != 1:
        raise NotFollowed(f"{value.function} of {len(found)} values")
    return found[0]


def _number(value: Any) -> Tensor:
    """A fixed tensor or number in float64. Raises `NotFollowed` for what the picture decides."""
    if isinstance(value, Value):
        if value.constant is None:
            raise NotFollowed(f"weights that the picture decides ({value.function})")
        return value.constant.detach().double().cpu()
    return torch.tensor(float(value), dtype=torch.float64)


def _by_channel(other: Any, value: Value, axis: int) -> Tensor:
    """(C,) of a constant that is the same at all positions; where it is not, its mean (as of position embeddings)."""
    return _number(other).expand(value.shape).movedim(axis, 0).flatten(1).mean(1)


def _moves(kernel: Kernel) -> tuple[Move, ...]:
    found = moves(kernel.value, kernel.axis)
    if found is None:
        raise NotFollowed(f"{kernel.value.function}, which puts channels together")
    return found


def _summed(kernel: Kernel) -> tuple[Kernel, ...]:
    value = kernel.value
    if len(value.sources) == 1:
        return (_rescaled(kernel),)
    sources = value.args[:2]
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
    if _source(kernel.value).shape != kernel.value.shape:
        raise NotFollowed(f"{kernel.value.function} of values of several shapes")
    factor, offset = found
    bias = kernel.bias + float((kernel.weights.sum((1, 2)) * offset).sum())
    return replace(kernel, value=_source(kernel.value), weights=kernel.weights * factor[:, None, None], bias=bias)


def _normalized(kernel: Kernel) -> Kernel:
    if kernel.axis != 1:
        raise NotFollowed("batch_norm of another axis than that of the channels")
    return _rescaled(kernel)


def _pooled(kernel: Kernel) -> Kernel:
    """Positions of what is pooled get equal shares, once there are positions; over the whole map there are none."""
    value = kernel.value
    source = _source(value)
    axis = channel_axis(source)
    if source.shape[axis] != value.shape[kernel.axis] or axis in _reduced(value, source):
        raise NotFollowed(f"{value.function} over channels")
    onto = replace(kernel, value=source, axis=axis)
    everywhere = value.function in {"mean", "amax"} or value.shape[-2:] == (1, 1)
    if not kernel.spatial or (value.function == "pad" and not kernel.whole):
        return onto
    if everywhere and kernel.weights.shape[1:] == (1, 1):
        return onto
    size, stride, padding = _window(value, source)
    box = kernel.weights.new_full((len(kernel.weights), 1, *size), 1 / (size[0] * size[1]))
    spread = F.conv_transpose2d(kernel.weights[None], box, stride=stride, groups=len(kernel.weights))[0]
    return replace(onto, weights=_cut(spread, source, padding) if kernel.whole else spread)


def _reduced(value: Value, source: Value) -> set[int]:
    """The axes that a mean or maximum is taken over."""
    if value.function not in {"mean", "amax"}:
        return set()
    dims = value.argument(1, "dim", value.kwargs.get("axis"))
    dims = range(len(source.shape)) if dims is None else dims if isinstance(dims, tuple | list) else (dims,)
    return {int(dim) % len(source.shape) for dim in dims}


def _cut(weights: Tensor, source: Value, padding: tuple[int, int]) -> Tensor:
    """Weights over the whole map: what lies on its padding is left out."""
    (top, left), (height, width) = padding, source.shape[-2:]
    return F.pad(weights, (-left, width + left - weights.shape[2], -top, height + top - weights.shape[1]))


def _window(value: Value, source: Value) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Size, stride and padding of a pooling."""
    if value.function.startswith("adaptive"):
        sizes = [divmod(large, small) for large, small in zip(source.shape[-2:], value.shape[-2:], strict=True)]
        if any(rest for _, rest in sizes):
            raise NotFollowed(f"{value.function} into windows of several sizes")
        window = (sizes[0][0], sizes[1][0])
        return window, window, (0, 0)
    if value.function in {"max_pool2d", "max_pool2d_with_indices", "avg_pool2d"}:
        size = _pair(value.argument(1, "kernel_size"))
        return size, _pair(value.argument(2, "stride") or size), _pair(value.argument(3, "padding", 0))
    raise NotFollowed(f"{value.function} between two layers of weights")


def _convolved(kernel: Kernel) -> Kernel:
    value = kernel.value
    weight, bias = _number(value.argument(1, "weight")), value.argument(2, "bias")
    stride, dilation = spacing(value)
    if kernel.axis != 1:
        raise NotFollowed("conv2d with channels in another axis")
    groups = value.argument(6, "groups", 1)
    kernels = F.conv_transpose2d(kernel.weights[None], weight, stride=stride, groups=groups, dilation=dilation)[0]
    if kernel.whole:
        kernels = _cut(kernels, value.argument(0, "input"), _padding(value, weight, dilation))
    return _through(kernel, value.argument(0, "input"), 1, kernels, bias)


def _padding(value: Value, weight: Tensor, dilation: tuple[int, int]) -> tuple[int, int]:
    """Above and to the left."""
    stated = value.argument(4, "padding", 0)
    if not isinstance(stated, str):
        return _pair(stated)
    height, width = (rate * (size - 1) // 2 for rate, size in zip(dilation, weight.shape[2:], strict=True))
    return (height, width) if stated == "same" else (0, 0)


def _linear(kernel: Kernel) -> Kernel:
    value = kernel.value
    weight, source = _number(value.argument(1, "weight")), value.argument(0, "input")
    kernels = torch.einsum("chw,cd->dhw", kernel.weights, weight)
    return _through(kernel, source, len(source.shape) - 1, kernels, value.argument(2, "bias"))


def _through(kernel: Kernel, source: Value, axis: int, weights: Tensor, bias: Value | None) -> Kernel:
    """Behind a layer of weights."""
    own = 0.0 if bias is None else float((kernel.weights.sum((1, 2)) * _number(bias)).sum())
    return replace(kernel, value=source, axis=axis, weights=weights, bias=kernel.bias + own, spatial=True)


def _pair(size: Any) -> tuple[int, int]:
    if isinstance(size, int):
        return size, size
    height, width = size if len(size) == 2 else (size[0], size[0])
    return int(height), int(width)
