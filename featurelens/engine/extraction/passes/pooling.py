"""Max pooling before rectification instead of behind it: the same values, a quarter of the rectifying.

Rectification keeps the order of its inputs, so the largest of rectified values is the largest value, rectified; padding
with minus infinity does not change that. Measured: docs/experiments/speed.md.
"""

from __future__ import annotations

from collections.abc import Collection

import torch
import torch.nn.functional as F  # noqa: N812
from torch import fx, nn

from featurelens.engine.extraction.rectifier import of_node

_POOLINGS = {F.max_pool2d, torch.max_pool2d}


def pool_first(traced: fx.GraphModule, keep: Collection[fx.Node]) -> None:
    """Swaps every pair of which nobody else, and no node of `keep`, needs the rectified values, in place."""
    modules = dict(traced.named_modules())
    for pooling in list(traced.graph.nodes):
        source = pooling.args[0] if pooling.args else None
        if not isinstance(source, fx.Node) or source in keep or len(source.users) > 1 or not source.args:
            continue
        if not _pools(pooling, modules) or of_node(source, modules) is None:
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
