"""One forward pass that stops as soon as the wanted layers have spoken, and remembers what stood before each ReLU.

Works for every `nn.Module`: hooks read the values, an exception raised by the last of them ends the pass, and a torch
function mode (not tracing) follows values back through rectification, so functional calls are seen as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple, TypeVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from featurelens.engine.extraction import functional_layers
from featurelens.engine.extraction.rectifier import EXACT, Passage, of_call

Kind = TypeVar("Kind")

_PRE = "_featurelens_preactivation"

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
"""Operations that commute with rectification: the pre-activation goes through them just as the value does."""


class Reading(NamedTuple):
    """What a layer said: its value and, when followed and rectified, what stood before rectification (same shape)."""

    value: Tensor
    before: Tensor | None = None


def channels_first(reading: Reading) -> Reading:
    """(B, H, W, C) -> (B, C, H, W)"""
    before = None if reading.before is None else reading.before.permute(0, 3, 1, 2)
    return Reading(reading.value.permute(0, 3, 1, 2), before)


def in_order(reading: Reading, layout: str) -> Reading:
    """From axes in the order of `layout` (letters as in `Network.layouts`) to (B, C, H, W), (B, T, C) or (B, C)."""
    order = [layout.index(letter) for letter in {2: "BC", 3: "BTC", 4: "BCHW"}[len(layout)]]
    before = None if reading.before is None else reading.before.permute(order)
    return Reading(reading.value.permute(order), before)


class StopForward(Exception):
    """Ends a forward pass that has nothing more to give. Never leaves this module."""


class _FollowRectifiers(TorchFunctionMode):
    """Tags every rectified value with the value before rectification, through concatenation and max pooling."""

    def __init__(self, passage: Passage) -> None:
        super().__init__()
        self._passage = passage

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
            source = args[0] if args else kwargs["input"]
            value = rectification(source, self._passage)
            if not rectification.slope:  # what is rectified leakily still says all there is to say
                setattr(value, _PRE, source)
            return value
        value = func(*args, **kwargs)
        if func in CONCATENATIONS:
            parts = args[0] if args else kwargs["tensors"]
            if any(hasattr(part, _PRE) for part in parts):
                before = [getattr(part, _PRE, part) for part in parts]
                setattr(value, _PRE, func(before, *args[1:], **{k: v for k, v in kwargs.items() if k != "tensors"}))
        elif func in MONOTONE and args and hasattr(args[0], _PRE) and isinstance(value, Tensor):
            setattr(value, _PRE, func(getattr(args[0], _PRE), *args[1:], **kwargs))
        return value


def first_of(output: Any, kind: type[Kind]) -> Kind | None:
    """The value of `kind` a module answers with: itself, the first of a tuple, or the first of a dict or namedtuple."""
    if isinstance(output, dict):
        output = tuple(output.values())
    found = output if isinstance(output, tuple | list) else (output,)
    return next((value for value in found if isinstance(value, kind)), None)


def read(
    module: nn.Module, inputs: Tensor, layers: Sequence[str], *, follow: bool = False, passage: Passage = EXACT
) -> dict[str, Reading]:
    """Runs `module` on `inputs` only as far as needed and returns the output of each named layer.

    `layers` are dotted module paths, or steps (see `steps`); `follow` asks for pre-activations as well, at a small
    cost, `passage` says how gradients pass rectifiers. A module that runs several times is read where it first answers.
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
        before = getattr(value, _PRE, None)
        # Where the pass goes on, an in-place operation could overwrite the value.
        values[name] = Reading(value if len(wanted) == 1 else value.clone(), before)
        if len(values) == len(wanted):
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
            if follow or passage != EXACT:
                modes.enter_context(_FollowRectifiers(passage))
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
