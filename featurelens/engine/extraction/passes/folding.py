"""Batch norm folded into the convolution before it: in evaluation both are one convolution with other weights."""

from __future__ import annotations

from collections import Counter

from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def calls(traced: fx.GraphModule) -> Counter[str]:
    """How often each module is called."""
    return Counter(str(node.target) for node in traced.graph.nodes if node.op == "call_module")


def fold(traced: fx.GraphModule, keep: set[fx.Node]) -> dict[str, nn.BatchNorm2d]:
    """Folds batch norm into the convolution before it wherever nobody else reads the convolution's own value.

    Returns every batch norm there was, by the name of the module that now gives its answer.
    """
    modules = dict(traced.named_modules())
    called = calls(traced)
    norms: dict[str, nn.BatchNorm2d] = {}
    for node in list(traced.graph.nodes):
        norm = modules[str(node.target)] if node.op == "call_module" else None
        if not isinstance(norm, nn.BatchNorm2d):
            continue
        norms[str(node.target)] = norm
        source = node.args[0] if node.args else None
        if not isinstance(source, fx.Node) or source.op != "call_module":
            continue
        convolution = modules[str(source.target)]
        if not isinstance(convolution, nn.Conv2d):
            continue
        if len(source.users) > 1 or source in keep or norm.running_mean is None:
            continue
        if called[str(source.target)] > 1:
            continue  # the same convolution serves twice; folding would change the other use
        traced.set_submodule(str(source.target), fuse_conv_bn_eval(convolution, norm))
        norms[str(source.target)] = norms.pop(str(node.target))
        node.replace_all_uses_with(source)
        if node in keep:
            keep.add(source)
        traced.graph.erase_node(node)
    traced.recompile()
    return norms
