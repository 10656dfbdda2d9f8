"""A network's graph, cut down to what the wanted layers need: traced, truncated, batch norm folded into convolutions.

Tracing runs the network's Python on stand-ins for tensors. What that Python asks of them (``isinstance``, ``hasattr``)
and what it does without using the answer (in-place statements) is lost without a word.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch.nn.functional as F  # noqa: N812
import torchvision
from torch import fx, nn

from featurelens.engine.constant_inputs import feed
from featurelens.engine.extraction.hooks import CONCATENATIONS, MONOTONE, first_of
from featurelens.engine.extraction.passes.folding import fold
from featurelens.engine.extraction.passes.pooling import pool_first
from featurelens.engine.extraction.passes.siblings import join_siblings
from featurelens.engine.extraction.rectifier import of_node, source_of
from featurelens.engine.network import out_of_place

_MONOTONE_MODULES = (nn.MaxPool2d, nn.AdaptiveMaxPool2d, nn.Flatten, nn.Dropout, nn.Identity)
_MONOTONE_METHODS = {"flatten", "view", "reshape", "permute", "contiguous"}


_INSTEAD: dict[tuple[str, Any], Any] = {
    ("call_function", operator.iadd): operator.add,
    ("call_function", operator.imul): operator.mul,
    ("call_method", "add_"): "add",
    ("call_method", "mul_"): "mul",
    ("call_method", "view"): "reshape",
}
"""What the graph does instead: nothing may be written over a value that is wanted, and values lie channels last, which
not every view can be had of."""


class _Tracer(fx.Tracer):
    """Notes which node each module, container modules too, first answers with; looks into whatever holds `layers`."""

    def __init__(self, layers: Sequence[str]) -> None:
        super().__init__(autowrap_modules=(math, torchvision.ops))  # type: ignore[arg-type]
        self.answers: dict[str, fx.Node] = {}
        self._layers = layers

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        inside = f"{module_qualified_name}."
        return super().is_leaf_module(m, module_qualified_name) and not any(n.startswith(inside) for n in self._layers)

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        output = super().call_module(m, forward, args, kwargs)
        found = first_of(output, fx.Proxy)
        if found is not None:
            self.answers.setdefault(self.path_of_module(m), found.node)
        return output


def truncate(
    module: nn.Module, layers: Sequence[str], follow: bool
) -> tuple[fx.GraphModule, dict[str, nn.BatchNorm2d]]:
    """A graph that returns ((value, pre-activation or None), ...) in the order of `layers` and computes no more.

    Also which of its modules answer for which batch norm. `module` is used up: a copy, made for this.
    """
    out_of_place(module)
    tracer = _Tracer(layers)
    try:
        graph = tracer.trace(module)
    except Exception as error:  # a network's own Python may raise anything when it meets what is no tensor
        raise fx.proxy.TraceError(str(error)) from error
    feed(graph, module)
    unreached = [name for name in layers if name not in tracer.answers]
    if unreached:
        raise ValueError(f"the forward pass never reaches {', '.join(unreached)}")
    for node in graph.nodes:
        # Rectifiers are replaced as a whole.
        if node.kwargs.get("inplace") is True:
            node.kwargs = {**node.kwargs, "inplace": False}
        node.target = _INSTEAD.get((node.op, node.target), node.target)
    wanted = [tracer.answers[name] for name in layers]
    before: dict[fx.Node, fx.Node | None] = {}
    modules = dict(module.named_modules())
    result = [(node, _before(node, modules, graph, before) if follow else None) for node in wanted]
    for node in list(graph.nodes):
        if node.op == "output":
            graph.erase_node(node)
    graph.output(tuple(result))
    traced = fx.GraphModule(module, graph, "Truncated")
    traced.graph.eliminate_dead_code()
    keep = set(wanted)
    norms = fold(traced, keep)
    pool_first(traced, keep)
    join_siblings(traced)
    traced.delete_all_unused_submodules()
    return traced.eval(), norms


def _before(
    node: fx.Node, modules: Mapping[str, nn.Module], graph: fx.Graph, known: dict[fx.Node, fx.Node | None]
) -> fx.Node | None:
    """The node of the value before rectification, made where it does not exist yet; None when not rectified."""
    if node in known:
        return known[node]
    known[node] = None
    found: fx.Node | None = None
    part = modules[str(node.target)] if node.op == "call_module" else None
    source = node.args[0] if node.args else None
    rectification = of_node(node, modules)
    if rectification is not None:
        # What is rectified leakily still says all there is to say.
        found = None if rectification.slope else source_of(node)
    elif node.op == "call_function" and node.target in CONCATENATIONS:
        parts = source if source is not None else node.kwargs["tensors"]
        befores = [_before(item, modules, graph, known) for item in parts]  # type: ignore[union-attr, arg-type]
        if any(befores):
            with graph.inserting_after(node):
                found = graph.node_copy(node)
            found.args = ([b or item for b, item in zip(befores, parts, strict=True)], *node.args[1:])  # type: ignore
            found.kwargs = {name: value for name, value in node.kwargs.items() if name != "tensors"}
    elif isinstance(source, fx.Node) and (
        isinstance(part, _MONOTONE_MODULES)
        or (node.op == "call_function" and node.target in MONOTONE and not _drops(node))
        or (node.op == "call_method" and node.target in _MONOTONE_METHODS)
    ):
        inner = _before(source, modules, graph, known)
        if inner is not None:
            with graph.inserting_after(node):
                found = graph.node_copy(node)
            found.args = (inner, *node.args[1:])
    known[node] = found
    return found


def _drops(node: fx.Node) -> bool:
    """Whether it is a dropout that drops; its own default is that it does."""
    training = node.args[2] if node.args[2:] else node.kwargs.get("training", True)
    return node.target is F.dropout and training is not False
