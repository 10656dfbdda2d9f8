"""Which axis of a value holds its channels: followed through one forward pass, from what makes it.

A convolution makes channels in the axis of its kind, a linear layer, a recurrent one or attention in the last. What
moves axes about takes the channels with it, also where they are split for a while (heads, groups); whatever else keeps
the number of dimensions keeps them in place. Where they go otherwise is not known, and never guessed from a shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch.overrides import TorchFunctionMode

_AXES = "_featurelens_channel_axes"
Axes = frozenset[int]
"""More than one while channels are split."""

_MAKERS: dict[Callable[..., Any], int] = {
    **dict.fromkeys((F.conv1d, F.conv_transpose1d, F.unfold), -2),
    **dict.fromkeys((F.conv2d, F.conv_transpose2d, F.fold), -3),
    **dict.fromkeys((F.conv3d, F.conv_transpose3d), -4),
    **dict.fromkeys((F.linear, F.bilinear, F.embedding, F.multi_head_attention_forward, torch.addmm), -1),
    **dict.fromkeys((torch.lstm, torch.gru, torch.rnn_tanh, torch.rnn_relu), -1),
}
"""What makes channels, and in which axis, counted from the end."""
_MOVES = frozenset(
    (
        *("permute", "transpose", "swapaxes", "swapdims", "movedim", "moveaxis", "t", "squeeze", "unsqueeze", "expand"),
        *("getitem", "select", "narrow", "unbind", "chunk", "split", "tensor_split", "broadcast_to", "unfold"),
    )
)
"""Names of functions that answer with views, in which an axis is recognized by its stride."""
_GETTERS = (Tensor.T.__get__, Tensor.mT.__get__)  # type: ignore[attr-defined]
_RESHAPES = frozenset(("view", "reshape", "flatten", "unflatten", "view_as", "reshape_as"))
_PRODUCTS = frozenset(("matmul", "bmm"))
_UNKNOWN = frozenset(("einsum", "tensordot", "rot90", "cdist", "baddbmm", "rmatmul"))
"""Names of functions that may put channels anywhere, whatever the number of dimensions."""


def begin(inputs: Tensor) -> Tensor:
    """Marks `inputs` (B, C, H, W) as the picture: from here channels are followed."""
    setattr(inputs, _AXES, frozenset((1,)))
    return inputs


def channel_axis(value: Tensor) -> int | None:
    """The axis of the channels of `value`; None where it is not known, or where they are split."""
    axes: Axes | None = getattr(value, _AXES, None)
    return next(iter(axes)) if axes and len(axes) == 1 else None


def channels_in(value: Tensor, axis: int) -> None:
    """`value` has its channels in `axis`, which may count from the end."""
    setattr(value, _AXES, frozenset((axis % value.ndim,)))


class FollowChannels(TorchFunctionMode):
    """While active, `channel_axis` knows the values of the forward pass. To be entered before other modes."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        # Noted before the call: what works in place changes its own source.
        sources = [(one, one.shape, getattr(one, _AXES)) for one in _tensors((args, kwargs)) if hasattr(one, _AXES)]
        answer = func(*args, **kwargs)
        values = list(_tensors(answer))
        for value, axes in zip(values, _axes(func, values, sources, args, kwargs), strict=True):
            if axes is not None:
                setattr(value, _AXES, axes)
            elif hasattr(value, _AXES):
                delattr(value, _AXES)
        return answer


Source = tuple[Tensor, torch.Size, Axes]


def _axes(
    func: Callable[..., Any], values: list[Tensor], sources: list[Source], args: Sequence[Any], kwargs: dict[str, Any]
) -> list[Axes | None]:
    """Of each of `values`, what `func` answers with."""
    name = getattr(func, "__name__", "").strip("_")
    if func in _MAKERS:
        return [frozenset((value.ndim + _MAKERS[func],)) for value in values]
    if name in _PRODUCTS:
        return [_of_product(args, value) for value in values]
    if not sources and func is F.layer_norm:
        return [frozenset((value.ndim - 1,)) for value in values]
    if not sources or name in _UNKNOWN:
        return [None] * len(values)
    _, shape, axes = sources[0]
    if func in _GETTERS or (name in _MOVES and _basic(name, args)):
        return _moved(func, sources[0], args, kwargs)
    if name in _RESHAPES:
        return [_reshaped(shape, axes, value.shape) for value in values]
    if name == "stack":
        dim = _given(args, kwargs, "dim", 0) % (len(shape) + 1)
        return [frozenset(axis + (axis >= dim) for axis in axes)]
    alike = {value.ndim: next((own for _, size, own in sources if len(size) == value.ndim), None) for value in values}
    return [alike[value.ndim] or _reduced(shape, axes, value, _given(args, kwargs, "dim", None)) for value in values]


def _moved(func: Callable[..., Any], source: Source, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Axes | None]:
    """As `func` moves the axes of a tensor without contents, in which only the channels' have a stride."""
    tensor, shape, axes = source
    marker = torch.empty_strided(shape, [int(axis in axes) for axis in range(len(shape))], device="meta")
    named = {name: marker if arg is tensor else arg for name, arg in kwargs.items()}
    answer = func(*(marker if arg is tensor else arg for arg in args), **named)
    return [_strided(one) for one in _tensors(answer)]


def _strided(marker: Tensor) -> Axes | None:
    """The axes with a stride; those of one position may be new and mean nothing."""
    found = frozenset(axis for axis, stride in enumerate(marker.stride()) if stride)
    return frozenset(axis for axis in found if marker.shape[axis] > 1) or found or None


def _basic(name: str, args: Sequence[Any]) -> bool:
    """Whether it answers with a view: a position by number or slice, not by a tensor or list of them."""
    if name != "getitem":
        return True
    index = args[1] if isinstance(args[1], tuple) else (args[1],)
    return all(one is None or one is ... or type(one) in (int, slice) for one in index)


def _reshaped(shape: Sequence[int], axes: Axes, other: Sequence[int]) -> Axes | None:
    """The axes that hold the same numbers after a reshape: as many before them, as many in them."""
    first, end = min(axes), max(axes) + 1
    if len(axes) != end - first:
        return None
    before, own = math.prod(shape[:first]), math.prod(shape[first:end])
    spans = [
        range(start, stop)
        for start in range(len(other))
        for stop in range(start + 1, len(other) + 1)
        if math.prod(other[:start]) == before and math.prod(other[start:stop]) == own
    ]
    shortest = min(spans, key=len, default=None)
    return None if shortest is None else frozenset(shortest)


def _reduced(shape: Sequence[int], axes: Axes, value: Tensor, dims: Any) -> Axes | None:
    """After a mean, a maximum and the like over `dims`, which `value` no longer has."""
    gone = {dim % len(shape) for dim in (dims if isinstance(dims, tuple | list) else (dims,)) if type(dim) is int}
    left = [axis for axis in range(len(shape)) if axis not in gone]
    if not gone or not axes <= set(left) or value.shape != torch.Size([shape[axis] for axis in left]):
        return None
    return frozenset(left.index(axis) for axis in axes)


def _of_product(args: Sequence[Any], value: Tensor) -> Axes | None:
    """Of a matrix product: columns are those of the second, so its channels stay; weights make new ones."""
    first, second = (getattr(one, _AXES, None) for one in args[:2])
    if second is not None and args[1].ndim == value.ndim:
        return None if first is not None and value.ndim - 2 in second else second
    return frozenset((value.ndim - 1,)) if first is not None and args[1].ndim == 2 else None


def _given(args: Sequence[Any], kwargs: dict[str, Any], name: str, default: Any) -> Any:
    """The second argument, or the one of this name."""
    return args[1] if len(args) > 1 else kwargs.get(name, kwargs.get("axis", default))


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        yield from _tensors(tuple(value.values()))
