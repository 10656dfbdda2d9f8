"""Which axis of a value holds its channels: followed through one forward pass, whatever the architecture.

Convolutions answer with (B, C, H, W); linear layers and layer norms with channels last, (B, T, C) or (B, H, W, C) in
Swin; permutations move the axis; everything else that keeps the number of dimensions keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch.overrides import TorchFunctionMode

_AXIS = "_featurelens_channel_axis"

_FIRST: set[Callable[..., Any]] = {F.conv2d, F.conv_transpose2d}
_LAST: set[Callable[..., Any]] = {F.linear, F.layer_norm}
_PERMUTE: set[Callable[..., Any]] = {Tensor.permute, torch.permute}
_TRANSPOSE: set[Callable[..., Any]] = {Tensor.transpose, torch.transpose, Tensor.swapaxes, torch.swapaxes}


def channel_axis(value: Tensor) -> int:
    """The axis of the channels of `value`: as followed, else 1 for 2 or 4 dimensions and the last for 3."""
    found = getattr(value, _AXIS, None)
    return found if isinstance(found, int) else (value.ndim - 1 if value.ndim == 3 else 1)


class FollowChannels(TorchFunctionMode):
    """While active, `channel_axis` knows the values of the forward pass."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        answer = func(*args, **kwargs)
        for value in answer if isinstance(answer, tuple | list) else (answer,):
            if isinstance(value, Tensor):
                axis = _axis(func, value, args, kwargs)
                if axis is not None:
                    setattr(value, _AXIS, axis)
        return answer


def _axis(func: Callable[..., Any], value: Tensor, args: Sequence[Any], kwargs: dict[str, Any]) -> int | None:
    if func in _FIRST:
        return 1
    if func in _LAST:
        return value.ndim - 1
    source = next((x for x in _flat(args) if isinstance(x, Tensor) and hasattr(x, _AXIS)), None)
    if source is None:
        return None
    axis: int = getattr(source, _AXIS)
    if func in _PERMUTE:
        order = kwargs.get("dims") or (args[1] if isinstance(args[1], tuple | list) else args[1:])
        moved: list[int] = [dim % source.ndim for dim in order]
        return moved.index(axis)
    if func in _TRANSPOSE and len(args) >= 3:
        one, two = args[1] % source.ndim, args[2] % source.ndim
        swapped: dict[int, int] = {one: two, two: one}
        return swapped.get(axis, axis)
    if value.ndim == source.ndim:
        return axis
    if axis == source.ndim - 1 and value.shape[-1:] == source.shape[-1:]:
        return value.ndim - 1
    return None


def _flat(args: Sequence[Any]) -> Iterable[Any]:
    for arg in args:
        if isinstance(arg, tuple | list):
            yield from arg
        else:
            yield arg
