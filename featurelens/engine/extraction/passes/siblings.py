"""Convolutions side by side over the same input (the branches of an inception module) as one with all their channels.

Small convolutions are bound by what a call costs, not by arithmetic; and one call gives one gradient where several have
to be added up. Measured: docs/experiments/speed.md.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Hashable, Sequence

import torch
from torch import fx, nn

from featurelens.engine.extraction.passes.folding import calls


def join_siblings(traced: fx.GraphModule) -> None:
    """Joins, in place, those that differ in nothing but their weights; each module then hands out its own channels."""
    modules = dict(traced.named_modules())
    called = calls(traced)
    families: dict[Hashable, list[tuple[fx.Node, nn.Conv2d]]] = {}
    for node in traced.graph.nodes:
        part = modules[str(node.target)] if node.op == "call_module" else None
        if type(part) is not nn.Conv2d or part.groups > 1 or node.kwargs:
            continue
        if called[str(node.target)] == 1:  # one that serves twice stays itself
            families.setdefault((node.args, *_form(part)), []).append((node, part))
    for family in families.values():
        if len(family) > 1:
            _join(traced, *zip(*family, strict=True))
    traced.recompile()


def _form(part: nn.Conv2d) -> tuple[Hashable, ...]:
    return part.kernel_size, part.stride, part.padding, part.dilation, part.padding_mode, part.bias is None


def _join(traced: fx.GraphModule, family: Sequence[fx.Node], parts: Sequence[nn.Conv2d]) -> None:
    channels = [part.out_channels for part in parts]
    joined = copy.deepcopy(parts[0])
    joined.out_channels = sum(channels)
    for name, values in joined.named_parameters():
        values.data = torch.cat([part.get_parameter(name).detach() for part in parts])
    name = f"{family[0].target}_and_siblings".replace(".", "_")
    traced.add_module(name, joined)
    with traced.graph.inserting_before(family[0]):
        whole = traced.graph.call_module(name, family[0].args)
        pieces = traced.graph.call_function(torch.split, (whole, channels, 1))
        each = [traced.graph.call_function(operator.getitem, (pieces, index)) for index in range(len(family))]
    for node, piece in zip(family, each, strict=True):
        traced.set_submodule(str(node.target), nn.Identity())
        node.args = (piece,)
