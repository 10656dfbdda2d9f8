"""A network cut down to what the wanted layers need: traced, truncated, batch norm folded into convolutions, cast.

Falls back on `forward.read` (hooks, any `nn.Module`) where symbolic tracing cannot follow the network's Python.
Both give the same answer: for each layer its value and, when asked, what stood before rectification.
"""

from __future__ import annotations

import copy
import logging
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torchvision
from torch import Tensor, fx, nn

from featurelens.engine.extraction import functional_layers
from featurelens.engine.extraction.hooks import (
    CONCATENATIONS,
    MONOTONE,
    Reading,
    channels_first,
    first_of,
    in_order,
    read,
)
from featurelens.engine.extraction.passes.folding import fold
from featurelens.engine.extraction.passes.pooling import pool_first
from featurelens.engine.extraction.passes.siblings import join_siblings
from featurelens.engine.extraction.passes.stem import rewrite_stems
from featurelens.engine.extraction.rectifier import EXACT, Gate, Passage, install, of_node, source_of
from featurelens.engine.network import Network
from featurelens.engine.prior import BatchNormStatistics

log = logging.getLogger(__name__)

_MONOTONE_MODULES = (nn.MaxPool2d, nn.AdaptiveMaxPool2d, nn.Flatten, nn.Dropout, nn.Identity)
_MONOTONE_METHODS = {"flatten", "view", "reshape", "permute", "contiguous"}


_OUT_OF_PLACE: dict[tuple[str, Any], Any] = {
    ("call_function", operator.iadd): operator.add,
    ("call_function", operator.imul): operator.mul,
    ("call_method", "add_"): "add",
    ("call_method", "mul_"): "mul",
}


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


class Extractor:
    """Calls a network on prepared input (B, C, H, W) and answers each wanted layer's `Reading`.

    `dtype` is the precision of the convolutions; readings come back in it, those of layers with four dimensions as
    (B, C, H, W) whatever the network makes of them. `follow` asks for pre-activations.
    Raises KeyError for a layer that is neither module nor step, ValueError for one the pass never reaches.
    """

    def __init__(
        self,
        network: Network,
        layers: Sequence[str],
        *,
        follow: bool = False,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        self.layers = tuple(dict.fromkeys(layers))
        self.dtype = dtype
        self.traced = True
        self._follow = follow
        self._gate = Gate()
        self._channels_last = network.channels_last
        self._layouts = network.layouts
        modules = dict(network.module.named_modules())
        every = {name: part for name, part in modules.items() if isinstance(part, nn.BatchNorm2d)}
        missing = [n for n in self.layers if n not in modules and functional_layers.parent(n, network.module) is None]
        if missing:
            raise KeyError(f"no such layer: {', '.join(missing)}")
        try:
            if any(name not in modules for name in self.layers):
                # Tracing does not see into functions it takes as they are, so it would number steps otherwise.
                raise fx.proxy.TraceError("steps are read")
            traced, norms = _truncate(network.module, self.layers, follow)
            if torch.device(device).type == "cpu":
                rewrite_stems(traced)
            install(traced, self._gate)
            module: nn.Module = traced
        except (fx.proxy.TraceError, TypeError, AttributeError, NotImplementedError, RuntimeError) as error:
            # A network whose forward branches on values: run it whole, with hooks.
            log.info("%s is not traceable (%s), using hooks", network.name, str(error).partition("\n")[0])
            self.traced = False
            module = copy.deepcopy(network.module)
            norms = every
        self.statistics = BatchNormStatistics(
            {module.get_submodule(name): norm for name, norm in norms.items()}, len(every)
        )
        self._module = module.to(device=device, dtype=dtype).to(memory_format=torch.channels_last).requires_grad_(False)

    def __call__(self, inputs: Tensor, passage: Passage = EXACT) -> dict[str, Reading]:
        """`passage` says how gradients are to pass rectifiers on their way back."""
        prepared = inputs.to(self.dtype).contiguous(memory_format=torch.channels_last)
        if self.traced:
            self._gate.passage = passage
            pairs = self._module(prepared)
            readings = {name: Reading(*pair) for name, pair in zip(self.layers, pairs, strict=True)}
        else:
            readings = read(self._module, prepared, self.layers, follow=self._follow, passage=passage)
        for name in self._channels_last & readings.keys():
            readings[name] = channels_first(readings[name])
        for name in self._layouts.keys() & readings.keys():
            readings[name] = in_order(readings[name], self._layouts[name])
        return readings


def _truncate(
    module: nn.Module, layers: Sequence[str], follow: bool
) -> tuple[fx.GraphModule, dict[str, nn.BatchNorm2d]]:
    """A graph that returns ((value, pre-activation or None), ...) in the order of `layers` and computes no more.

    Also which of its modules answer for which batch norm.
    """
    tracer = _Tracer(layers)
    try:
        graph = tracer.trace(module)
    except Exception as error:  # a network's own Python may raise anything when it meets what is no tensor
        raise fx.proxy.TraceError(str(error)) from error
    unreached = [name for name in layers if name not in tracer.answers]
    if unreached:
        raise ValueError(f"the forward pass never reaches {', '.join(unreached)}")
    for node in graph.nodes:
        # A later in-place operation would overwrite a value that is also wanted. Rectifiers are replaced as a whole.
        if node.kwargs.get("inplace") is True:
            node.kwargs = {**node.kwargs, "inplace": False}
        node.target = _OUT_OF_PLACE.get((node.op, node.target), node.target)
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
    return copy.deepcopy(traced).eval(), norms


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
        or (node.op == "call_function" and node.target in MONOTONE)
        or (node.op == "call_method" and node.target in _MONOTONE_METHODS)
    ):
        inner = _before(source, modules, graph, known)
        if inner is not None:
            with graph.inserting_after(node):
                found = graph.node_copy(node)
            found.args = (inner, *node.args[1:])
    known[node] = found
    return found
