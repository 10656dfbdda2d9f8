"""Pooling backwards: positions of what is pooled get equal shares."""

from __future__ import annotations

from dataclasses import replace

import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from featurelens.engine.filters.kernel import Kernel, NotFollowed, pair, source_of
from featurelens.engine.filters.moves import channel_axis
from featurelens.engine.filters.tape import Value

MEANS = frozenset(("avg_pool2d", "adaptive_avg_pool2d", "mean", "pad"))
"""Those that are what this says of them; maximum pooling is not."""


def pooled(kernel: Kernel) -> Kernel:
    """Positions of what is pooled get equal shares, once there are positions; over the whole map there are none."""
    value = kernel.value
    source = source_of(value)
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
    return replace(onto, weights=cut(spread, source, padding) if kernel.whole else spread)


def _reduced(value: Value, source: Value) -> set[int]:
    """The axes that a mean or maximum is taken over."""
    if value.function not in {"mean", "amax"}:
        return set()
    dims = value.argument(1, "dim", value.kwargs.get("axis"))
    dims = range(len(source.shape)) if dims is None else dims if isinstance(dims, tuple | list) else (dims,)
    return {int(dim) % len(source.shape) for dim in dims}


def cut(weights: Tensor, source: Value, padding: tuple[int, int]) -> Tensor:
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
        size = pair(value.argument(1, "kernel_size"))
        return size, pair(value.argument(2, "stride") or size), pair(value.argument(3, "padding", 0))
    raise NotFollowed(f"{value.function} between two layers of weights")
