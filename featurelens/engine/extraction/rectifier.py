"""Rectification, what performs it, and how gradients pass it: exactly, leaking, or redirected where nothing passes.

Where a rectifier is shut, the exact gradient says nothing of what would open it. A picture in the making may hear a
little of that (`Passage.leak`); it takes shape sooner and is less of this one network's own (Guo et al. 2020,
"Backpropagating linearly improves transferability of adversarial examples"; measured: docs/quality.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, fx, nn

_RELU: set[Callable[..., Any] | str] = {
    F.relu,
    F.relu_,
    torch.relu,
    torch.relu_,
    Tensor.relu,
    Tensor.relu_,
    "relu",
    "relu_",
}


class Passage(NamedTuple):
    """`leak` (0 to 1) is the part of a gradient that passes a shut rectifier on top of what its own slope lets through.

    `redirect` opens what is shut for pictures that would get no gradient at all (see `RedirectedReLU`).
    """

    leak: float = 0.0
    redirect: bool = False


EXACT = Passage()


class Rectification(NamedTuple):
    """x above zero and up to `limit`, `slope` times x below: ReLU, ReLU6, leaky ReLU."""

    slope: float = 0.0
    limit: float = math.inf

    def __call__(self, value: Tensor, passage: Passage = EXACT) -> Tensor:
        """Never in place."""
        if passage.redirect and not self.slope:
            redirected: Tensor = RedirectedReLU.apply(value, self.limit)
            return redirected
        if passage.leak:
            leaking: Tensor = LeakingRectifier.apply(value, self, passage.leak)
            return leaking
        return self.plain(value)

    def plain(self, value: Tensor) -> Tensor:
        """With the gradient it has."""
        if self.slope:
            return F.leaky_relu(value, self.slope)
        return F.relu6(value) if self.limit == 6 else torch.relu(value)


def of_call(target: Callable[..., Any] | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Rectification | None:
    """What a function or tensor method does to its first argument, if that is to rectify."""
    if target in _RELU:
        return Rectification()
    if target is F.relu6 or (target is F.hardtanh and (kwargs.get("min_val"), kwargs.get("max_val")) == (0, 6)):
        return Rectification(limit=6.0)  # nn.ReLU6 calls hardtanh
    if target is F.leaky_relu:
        slope = args[1] if args[1:] else kwargs.get("negative_slope", 0.01)
        return Rectification(slope) if isinstance(slope, int | float) and slope >= 0 else None
    return None


def in_place(function: Callable[..., Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether a rectification is written over what it rectifies."""
    return bool(kwargs.get("inplace")) or function.__name__.endswith("_")


def of_module(part: nn.Module | None) -> Rectification | None:
    """What a module does, if that is to rectify."""
    if isinstance(part, nn.ReLU):
        return Rectification()
    if isinstance(part, nn.ReLU6):
        return Rectification(limit=6.0)
    if isinstance(part, nn.LeakyReLU) and part.negative_slope >= 0:
        return Rectification(part.negative_slope)
    return None


def of_node(node: fx.Node, modules: Mapping[str, nn.Module]) -> Rectification | None:
    """What a node of a graph with these `modules` does, if that is to rectify."""
    if node.op == "call_module":
        return of_module(modules.get(str(node.target)))
    return of_call(node.target, node.args, node.kwargs) if node.op in ("call_function", "call_method") else None


def source_of(node: fx.Node) -> fx.Node:
    """What a rectifying node rectifies."""
    found = node.args[0] if node.args else node.kwargs["input"]
    if not isinstance(found, fx.Node):
        raise TypeError(f"{node} rectifies {found!r}, which is no value of the graph")
    return found


class Gate:
    """The passage that all rectifiers of one graph share; set before every pass."""

    def __init__(self) -> None:
        self.passage = EXACT


class Rectifier(nn.Module):
    """One rectification, with gradients as its gate says."""

    def __init__(self, rectification: Rectification, gate: Gate) -> None:
        super().__init__()
        self.rectification = rectification
        self._gate = gate

    def forward(self, value: Tensor) -> Tensor:
        return self.rectification(value, self._gate.passage)


def install(traced: fx.GraphModule, gate: Gate) -> None:
    """Every rectification of the graph obeys the gate from now on."""
    modules = dict(traced.named_modules())
    rectifying = [(node, of_node(node, modules)) for node in traced.graph.nodes]
    for number, (node, rectification) in enumerate(rectifying):
        if rectification is None:
            continue
        name = f"rectifier_{number}"
        traced.add_module(name, Rectifier(rectification, gate))
        with traced.graph.inserting_after(node):
            gated = traced.graph.call_module(name, (source_of(node),))
        node.replace_all_uses_with(gated)
        traced.graph.erase_node(node)
    traced.delete_all_unused_submodules()
    traced.recompile()


class LeakingRectifier(torch.autograd.Function):
    """Forward the rectification. Backward, its slope plus `leak`, at most 1, where it is shut."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, rectification: Rectification, leak: float) -> Tensor:
        result = rectification.plain(value)
        ctx.save_for_backward(result)
        ctx.slope, ctx.leak, ctx.limit = min(1.0, rectification.slope + leak), leak, rectification.limit
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (result,) = ctx.saved_tensors
        (gradient,) = gradients
        # One pass, and the result tells as well as the value where it was shut.
        passed = torch.ops.aten.leaky_relu_backward(gradient, result, ctx.slope, True)
        if ctx.limit < math.inf:
            passed = torch.where(result < ctx.limit, passed, ctx.leak * gradient)
        return passed, None, None


class RedirectedReLU(torch.autograd.Function):
    """Forward a ReLU. Backward, only for pictures whose whole gradient it would block, the gradient that would lift
    values from below zero passes (lucid, "redirected ReLU gradient", per picture).
    """

    @staticmethod
    def forward(ctx: Any, value: Tensor, limit: float) -> Tensor:
        ctx.save_for_backward(value)
        ctx.limit = limit
        return value.clamp(0, limit)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (value,) = ctx.saved_tensors
        (gradient,) = gradients
        inside = (value > 0) & (value < ctx.limit)
        passed = gradient * inside
        blocked = passed.flatten(1).abs().amax(1) == 0
        # The score is climbed: a positive gradient lifts.
        lifting = gradient * (inside | ((value <= 0) & (gradient > 0)))
        return torch.where(blocked.view(-1, *[1] * (value.dim() - 1)), lifting, passed), None
