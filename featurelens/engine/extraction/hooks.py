"""One forward pass that stops as soon as the wanted layers have spoken, and remembers what stood before each ReLU.

Works for every `nn.Module`: hooks read the values, an exception raised by the last of them ends the pass, and a torch
function mode (not tracing) follows values back through rectification, so functional calls are seen as well.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple, TypeVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from featurelens.engine.extraction import functional_layers
from featurelens.engine.extraction.passage import ALL_EXACT, Passages
from featurelens.engine.extraction.rectifier import Rectification, in_place, of_call

Kind = TypeVar("Kind")

_BEFORE = "_featurelens_before"

CONCATENATIONS: set[Callable[..., Any]] = {torch.cat, torch.concat, torch.concatenate}
MONOTONE: set[Callable[..., Any]] = {
    F.max_pool2d,
    torch.max_pool2d,
    F.adaptive_max_pool2d,
    torch.flatten,
    Tensor.flatten,
    Tensor.view,
    Tensor.reshape,
    Tensor.permute,
    Tensor.contiguous,
    F.dropout,
}
"""Operations that commute with rectification: the pre-activation goes through them just as the value does (dropout
only where it drops nothing)."""


class Reading(NamedTuple):
    """What a layer said: its value and, when followed and rectified, what stood before rectification (same shape)."""

    value: Tensor
    before: Tensor | None = None


def together(parts: Sequence[Mapping[str, Reading]]) -> dict[str, Reading]:
    """What was said to some rows, and to the next, and to the next, as one."""
    if len(parts) == 1:
        return dict(parts[0])
    joined = {}
    for layer in parts[0]:
        values, befores = zip(*(part[layer] for part in parts), strict=True)
        joined[layer] = Reading(torch.cat(values), None if befores[0] is None else torch.cat(befores))
    return joined


def rows_of(readings: Mapping[str, Reading], rows: slice) -> dict[str, Reading]:
    """What was said to some of the rows: the reverse of `together`."""
    return {
        layer: Reading(value[rows], None if before is None else before[rows])
        for layer, (value, before) in readings.items()
    }


def arranged(
    readings: Mapping[str, Reading], channels_last: Collection[str], layouts: Mapping[str, str]
) -> dict[str, Reading]:
    """To (B, C, H, W), (B, T, C) or (B, C).

    From (B, H, W, C) where a layer is among `channels_last`, from the axes that `layouts` tells (letters as in
    `Network.layouts`) where it is there, else as they are.
    """
    orders: dict[str, Sequence[int]] = dict.fromkeys(channels_last, (0, 3, 1, 2))
    for name, layout in layouts.items():
        orders[name] = [layout.index(letter) for letter in {2: "BC", 3: "BTC", 4: "BCHW"}[len(layout)]]
    return {name: _permuted(reading, orders[name]) if name in orders else reading for name, reading in readings.items()}


def _permuted(reading: Reading, order: Sequence[int]) -> Reading:
    before = None if reading.before is None else reading.before.permute(*order)
    return Reading(reading.value.permute(*order), before)


class StopForward(BaseException):
    """Ends a forward pass that has nothing more to give. Never leaves this module.

    No `Exception`, which a network's own ``try`` would catch.
    """


class _Tag(NamedTuple):
    """What stood before rectification, as long as nothing has been written over it or the rectified value since."""

    before: Tensor
    version: int
    before_version: int


def _tag(value: Tensor, before: Tensor) -> None:
    setattr(value, _BEFORE, _Tag(before, value._version, before._version))


def _before(value: Any) -> Tensor | None:
    tag: _Tag | None = getattr(value, _BEFORE, None)
    if tag is None or (tag.version, tag.before_version) != (value._version, tag.before._version):
        return None
    return tag.before


class _FollowRectifiers(TorchFunctionMode):
    """Lets gradients pass rectifiers as asked, and tags every rectified value with the value before rectification,
    through concatenation and max pooling.
    """

    def __init__(self, passages: Passages, *, copies: bool = True) -> None:
        """`copies`: what stood before is kept whatever the network writes over it later."""
        super().__init__()
        self._passages = passages
        self._copies = copies

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        rectification = of_call(func, args, kwargs)
        if rectification is not None:
            return self._rectify(rectification, func, args, kwargs)
        # Asked for first: the operation itself may write over its argument.
        before = _before(args[0]) if args and func in MONOTONE and not kwargs.get("training") else None
        value = func(*args, **kwargs)
        if func in CONCATENATIONS:
            parts = args[0] if args else kwargs["tensors"]
            befores = [_before(part) for part in parts]
            if any(found is not None for found in befores):
                rest = {name: given for name, given in kwargs.items() if name != "tensors"}
                each = [part if found is None else found for part, found in zip(parts, befores, strict=True)]
                _tag(value, func(each, *args[1:], **rest))
        elif before is not None and isinstance(value, Tensor):
            _tag(value, func(before, *args[1:], **kwargs))
        return value

    def _rectify(
        self, rectification: Rectification, func: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
    ) -> Any:
        source = args[0] if args else kwargs["input"]
        before = source.clone() if self._copies or in_place(func, kwargs) else source
        if self._passages.exact:
            value = func(*args, **kwargs)
        else:
            value = rectification(before, self._passages)
            if in_place(func, kwargs):
                value = source.copy_(value)
        if not rectification.slope:  # what is rectified leakily still says all there is to say
            _tag(value, before)
        return value


def first_of(output: Any, kind: type[Kind]) -> Kind | None:
    """The value of `kind` a module answers with: itself, the first of a tuple, or the first of a dict or namedtuple."""
    if isinstance(output, dict):
        output = tuple(output.values())
    found = output if isinstance(output, tuple | list) else (output,)
    return next((value for value in found if isinstance(value, kind)), None)


def read(
    module: nn.Module,
    inputs: Tensor,
    layers: Sequence[str],
    *,
    follow: bool = False,
    passages: Passages = ALL_EXACT,
    take: Callable[[str, Reading], Reading] | None = None,
) -> dict[str, Reading]:
    """Runs `module` on `inputs` only as far as needed and returns the output of each named layer.

    `layers` are dotted module paths, or steps (see `functional_layers`), each read at the moment it answers, whatever
    is written over its value later; `follow` asks for pre-activations as well, at a small cost, `passages` says how
    gradients pass rectifiers. A module that runs several times is read where it first answers. `take` makes of a
    reading what is returned of it, before the network goes on; left out, that is a copy.
    Raises KeyError for a layer that is neither, ValueError for one that the pass never reaches or whose output holds no
    tensor.
    """
    modules = dict(module.named_modules())
    wanted = dict.fromkeys(layers)
    taken = [name for name in wanted if name not in modules]
    missing = [name for name in taken if functional_layers.parent(name, module) is None]
    if missing:
        raise KeyError(f"no such layer: {', '.join(missing)}")
    values: dict[str, Reading] = {}

    def keep(name: str, value: Tensor) -> None:
        if name not in wanted or name in values:
            return
        last = len(values) + 1 == len(wanted)
        if take is not None:
            values[name] = take(name, Reading(value, _before(value)))
        else:
            # Where the pass goes on, the network may write over the value.
            values[name] = Reading(value if last else value.clone(), _before(value))
        if last:
            raise StopForward

    def listen(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            value = first_of(output, Tensor)
            if value is None:
                raise ValueError(f"layer {name} answers with {type(output).__name__}, not with a tensor")
            keep(name, value)

        return hook

    handles = [modules[name].register_forward_hook(listen(name)) for name in wanted if name in modules]
    try:
        with ExitStack() as modes:
            if follow or not passages.exact:
                modes.enter_context(_FollowRectifiers(passages, copies=take is None))
            if taken:
                modes.enter_context(functional_layers.FunctionalLayers(module, keep))
            module(inputs)
    except StopForward:
        pass
    finally:
        for handle in handles:
            handle.remove()
    unreached = [name for name in wanted if name not in values]
    if unreached:
        raise ValueError(f"the forward pass never reaches {', '.join(unreached)}")
    return values
