"""Max pooling before rectification instead of behind it: the same values, a quarter of the rectifying.

Rectification keeps the order of its inputs, so the largest of rectified values is the largest value, rectified; padding
with minus infinity does not change that. Measured: docs/performance.md.
"""

from __future__ import annotations

from collections.abc import Collection

import torch
import torch.nn.functional as F  # noqa: N812
from torch import fx, nn

from worker.engine.forward import RECTIFIERS

_RECTIFIERS = {*RECTIFIERS, F.leaky_relu, "relu"}
_POOLINGS = {F.max_pool2d, torch.max_pool2d}


def pool_first(traced: fx.GraphModule, keep: Collection[fx.Node]) -> None:
    """Swaps every pair of which nobody else, and no node of `keep`, needs the rectified values, in place."""
    modules = dict(traced.named_modules())
    for pooling in list(traced.graph.nodes):
        source = pooling.args[0] if pooling.args else None
        if not isinstance(source, fx.Node) or source in keep or len(source.users) > 1 or not source.args:
            continue
        if not (_pools(pooling, modules) and _rectifies(source, modules)):
            continue
        pooling.replace_input_with(source, source.args[0])
        with traced.graph.inserting_after(pooling):
            rectified = traced.graph.node_copy(source)
        pooling.replace_all_uses_with(rectified)
        rectified.args = (pooling, *source.args[1:])
        traced.graph.erase_node(source)
    traced.recompile()


def _pools(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    if node.op == "call_module":
        part = modules[str(node.target)]
        return isinstance(part, nn.MaxPool2d) and not part.return_indices
    return node.op == "call_function" and node.target in _POOLINGS and not node.kwargs.get("return_indices")


def _rectifies(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    if node.op == "call_module":
        part = modules[str(node.target)]
        return isinstance(part, nn.ReLU | nn.ReLU6) or (isinstance(part, nn.LeakyReLU) and part.negative_slope >= 0)
    if node.op not in ("call_function", "call_method") or node.target not in _RECTIFIERS:
        return False
    if node.target is not F.leaky_relu:
        return True
    slope = node.args[1] if node.args[1:] else node.kwargs.get("negative_slope", 0.01)
    return isinstance(slope, int | float) and slope >= 0
