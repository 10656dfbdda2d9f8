"""Rectification, what performs it, and gradients that pass it as each row is to have them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, fx, nn

from featurelens.engine.extraction.passage import ALL_EXACT, Passage, Passages

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


class Rectification(NamedTuple):
    """x above zero and up to `limit`, `slope` times x below: ReLU, ReLU6, leaky ReLU."""

    slope: float = 0.0
    limit: float = math.inf

    def __call__(self, value: Tensor, passages: Passages = ALL_EXACT) -> Tensor:
        """Never in place."""
        if passages.exact:
            return self.plain(value)
        passed: Tensor = PassedRectifier.apply(value, self, passages)
        return passed

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
    """What all rectifiers of one graph obey; set before every pass."""

    def __init__(self) -> None:
        self.passages = ALL_EXACT


class Rectifier(nn.Module):
    """One rectification, with gradients as its gate says."""

    def __init__(self, rectification: Rectification, gate: Gate) -> None:
        super().__init__()
        self.rectification = rectification
        self._gate = gate

    def forward(self, value: Tensor) -> Tensor:
        return self.rectification(value, self._gate.passages)


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


class PassedRectifier(torch.autograd.Function):
    """Forward the rectification. Backward, in each run of rows, what its passage lets through."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, rectification: Rectification, passages: Passages) -> Tensor:
        result = rectification.plain(value)
        # The result, which the next layer keeps as well, tells where it was shut; how far, only the value tells.
        ctx.save_for_backward(value if passages.redirect else result)
        ctx.rectification, ctx.passages = rectification, passages
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (seen,) = ctx.saved_tensors
        (gradient,) = gradients
        passed = torch.empty_like(seen)
        for passage, rows in ctx.passages.parts(len(gradient)):
            _back(ctx.rectification, passage, gradient[rows], seen[rows], passed[rows])
        return passed, None, None


def _back(rectification: Rectification, passage: Passage, gradient: Tensor, seen: Tensor, passed: Tensor) -> None:
    """Into `passed` what comes back of `gradient`; `seen` is what was rectified, or came of it."""
    slope, limit = rectification
    leak = min(1.0, slope + passage.leak)
    if passage.redirect and not slope:
        passed.copy_(_redirected(gradient, seen, limit))
    elif leak:
        torch.ops.aten.leaky_relu_backward.grad_input(gradient, seen, leak, True, grad_input=passed)
    else:
        torch.ops.aten.threshold_backward.grad_input(gradient, seen, 0, grad_input=passed)
    if limit < math.inf and not passage.redirect:
        passed.copy_(torch.where(seen < limit, passed, passage.leak * gradient if passage.leak else 0.0))


def _redirected(gradient: Tensor, value: Tensor, limit: float) -> Tensor:
    """Only for pictures whose whole gradient a ReLU would block, the gradient that would lift values from below zero
    (lucid, "redirected ReLU gradient", per picture).
    """
    inside = (value > 0) & (value < limit)
    passed = gradient * inside
    blocked = passed.flatten(1).abs().amax(1) == 0
    # The score is climbed: a positive gradient lifts.
    lifting = gradient * (inside | ((value <= 0) & (gradient > 0)))
    return torch.where(blocked.view(-1, *[1] * (value.dim() - 1)), lifting, passed)
