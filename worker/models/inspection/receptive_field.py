"""Receptive field and stride of every value, followed through one forward pass by arithmetic alone.

Convolutions and pooling widen the field, what works on each position by itself keeps it, concatenation and sums join
fields. Whatever else happens (attention, pooling over the whole picture, rolling, resizing) ends it: not defined.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch.overrides import TorchFunctionMode

from featurelens.worker.models.inspection.channels import channel_axis

_FIELD, _PARTS = "_featurelens_field", "_featurelens_parts"


class ReceptiveField(NamedTuple):
    """What one position sees of the picture, and how far the next one lies, in pixels (height, width).

    `start` is the first row and column that the first position sees; below zero where it sees padding.
    """

    size: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    pools: int = 0
    """How many poolings lie on the way here."""
    start: tuple[int, int] = (0, 0)

    def widened(self, kernel: Any, stride: Any, padding: Any, dilation: Any, *, pool: bool) -> ReceptiveField:
        """After a filter of that many positions."""
        before = [
            (wide - 1) * apart // 2 if padding == "same" else 0 if padding == "valid" else _pair(padding)[axis]
            for axis, (wide, apart) in enumerate(zip(_pair(kernel), _pair(dilation), strict=True))
        ]
        sizes = [
            size + (wide - 1) * apart * step
            for size, wide, apart, step in zip(self.size, _pair(kernel), _pair(dilation), self.stride, strict=True)
        ]
        steps = [step * own for step, own in zip(self.stride, _pair(stride), strict=True)]
        return self.padded(*before)._replace(
            size=(sizes[0], sizes[1]), stride=(steps[0], steps[1]), pools=self.pools + pool
        )

    def padded(self, above: int, left: int) -> ReceptiveField:
        """After as many positions have been added there; cut off, where they are below zero."""
        return self._replace(start=(self.start[0] - above * self.stride[0], self.start[1] - left * self.stride[1]))

    def joined(self, other: ReceptiveField) -> ReceptiveField:
        """What sees both, of the same stride."""
        starts = [min(pair) for pair in zip(self.start, other.start, strict=True)]
        ends = [max(self.start[axis] + self.size[axis], other.start[axis] + other.size[axis]) for axis in (0, 1)]
        size = (ends[0] - starts[0], ends[1] - starts[1])
        return ReceptiveField(size, self.stride, max(self.pools, other.pools), (starts[0], starts[1]))


_POOLS: set[Callable[..., Any]] = {F.max_pool2d, torch.max_pool2d, F.avg_pool2d}
_CONCATENATIONS: set[Callable[..., Any]] = {torch.cat, torch.concat, torch.concatenate}
_POINTWISE = frozenset(
    (
        *("add", "iadd", "radd", "sub", "isub", "rsub", "mul", "imul", "rmul", "div", "truediv", "itruediv", "neg"),
        *("relu", "relu6", "hardtanh", "hardswish", "hardsigmoid", "silu", "gelu", "sigmoid", "tanh", "leaky_relu"),
        *("elu", "selu", "celu", "mish", "softplus", "prelu", "threshold", "clamp", "abs", "pow", "sqrt", "exp"),
        *("batch_norm", "dropout", "dropout1d", "dropout2d", "alpha_dropout", "feature_dropout"),
        *("clone", "contiguous", "detach", "to", "float", "pad", "chunk", "split", "getitem", "permute", "transpose"),
        *("view", "reshape", "swapaxes", "local_response_norm", "adaptive_avg_pool2d", "adaptive_max_pool2d"),
    )
)
"""Names of functions that keep each position to itself where they keep height and width."""


class FollowReceptiveFields(TorchFunctionMode):
    """While active inside `FollowChannels`, `field` and `parts` know the values of the forward pass."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        sources = [value for value in _tensors((args, tuple(kwargs.values()))) if hasattr(value, _FIELD)]
        # Taken before the call: what works in place changes its own source.
        shapes = [tuple(source.shape) for source in sources]
        answer = func(*args, **kwargs)
        if sources:
            for value in _tensors(answer):
                found = _field(func, value, sources, shapes, args, kwargs)
                setattr(value, _FIELD, found)
                if func in _CONCATENATIONS and value.ndim == 4 and _dim(value, args, kwargs) == channel_axis(value):
                    setattr(value, _PARTS, tuple(args[0] if args else kwargs["tensors"]))
        return answer


def begin(inputs: Tensor) -> Tensor:
    """Marks `inputs` as the picture: from here fields are counted."""
    setattr(inputs, _FIELD, ReceptiveField())
    return inputs


def receptive_field(value: Tensor) -> ReceptiveField | None:
    """Of one position of `value`; None where it is not defined."""
    found: ReceptiveField | None = getattr(value, _FIELD, None)
    return found


def parts(value: Tensor) -> tuple[Tensor, ...]:
    """What `value` has been put together from along its channels, innermost parts first; () when it was not."""
    direct: tuple[Tensor, ...] = getattr(value, _PARTS, ())
    return tuple(inner for part in direct for inner in (parts(part) or (part,)))


def _field(
    func: Callable[..., Any],
    value: Tensor,
    sources: Sequence[Tensor],
    shapes: Sequence[tuple[int, ...]],
    args: Sequence[Any],
    kwargs: dict[str, Any],
) -> ReceptiveField | None:
    fields = [receptive_field(source) for source in sources]
    if None in fields:
        return None
    first = fields[0]
    assert first is not None
    if func is F.conv2d:
        kernel = args[1].shape[2:]
        stride, padding = _given(args, kwargs, 3, "stride"), _given(args, kwargs, 4, "padding", 0)
        return first.widened(kernel, stride, padding, _given(args, kwargs, 5, "dilation"), pool=False)
    if func in _POOLS:
        kernel = _given(args, kwargs, 1, "kernel_size")
        stride = _given(args, kwargs, 2, "stride") if len(args) > 2 or kwargs.get("stride") else kernel
        dilation = _given(args, kwargs, 4, "dilation") if func is not F.avg_pool2d else 1
        return first.widened(kernel, stride or kernel, _given(args, kwargs, 3, "padding", 0), dilation, pool=True)
    if not _by_position(func, value, shapes, args):
        return None
    if any(other is not None and other.stride != first.stride for other in fields):
        return None
    known = [other for other in fields if other is not None]
    if getattr(func, "__name__", "") == "pad":
        return first.padded(*_added(value, _given(args, kwargs, 1, "pad")))
    return functools.reduce(ReceptiveField.joined, known)


def _by_position(
    func: Callable[..., Any], value: Tensor, shapes: Sequence[tuple[int, ...]], args: Sequence[Any]
) -> bool:
    """Whether every position of `value` depends on the same position of its sources only."""
    name = getattr(func, "__name__", "").strip("_")
    if value.ndim == 4 and len(shapes[0]) == 4 and channel_axis(value) == 3 and func in (F.linear, F.layer_norm):
        return func is F.linear or len(args[1]) == 1
    if name == "permute":
        return value.ndim == 4
    if func in _CONCATENATIONS or name in _POINTWISE:
        if value.ndim not in (4, 5):
            return False
        if value.ndim == 4 and channel_axis(value) == 3:
            return all(shape[1:3] == value.shape[1:3] for shape in shapes) or name == "pad"
        return all(shape[-2:] == value.shape[-2:] for shape in shapes) or name == "pad"
    return False


def _dim(value: Tensor, args: Sequence[Any], kwargs: dict[str, Any]) -> int:
    dim: int = args[1] if len(args) > 1 else kwargs.get("dim", 0)
    return dim % value.ndim


def _added(value: Tensor, padding: Sequence[int]) -> tuple[int, int]:
    """Rows above and columns to the left: `padding` has a pair for each axis of `value`, the last one first."""
    before = [*padding[::2], *[0] * value.ndim][: value.ndim][::-1]
    return (before[1], before[2]) if channel_axis(value) == 3 else (before[-2], before[-1])


def _given(args: Sequence[Any], kwargs: dict[str, Any], index: int, name: str, default: int = 1) -> Any:
    return args[index] if len(args) > index else kwargs.get(name, default)


def _pair(number: Any) -> tuple[int, int]:
    values = tuple(number) if isinstance(number, Iterable) else (number,)
    return (int(values[0]), int(values[-1]))


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _tensors(item)
