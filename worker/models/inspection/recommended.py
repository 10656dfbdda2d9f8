"""Which layers are worth looking at first: what an architecture repeats, and where it goes over to another scale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from torch import nn

from featurelens.jobs.catalog.entries import LayerEntry

MANY = 12
"""Beyond it not every block is recommended, only the last one at each height and width."""

_CONTAINERS = (nn.Sequential, nn.ModuleList)


def recommended(module: nn.Module, layers: Sequence[LayerEntry]) -> set[str]:
    """Names of `layers` (in the order they run): outermost blocks, in plain chains what ends in ReLU, else filters."""
    parts = dict(module.named_modules())
    kinds = Counter(type(parts[layer.name]) for layer in layers if any(parts[layer.name].children()))
    blocks = [
        layer
        for layer in layers
        if kinds[type(parts[layer.name])] > 1 and type(parts[layer.name]) not in _CONTAINERS and layer.kind != "vector"
    ]
    found = (
        _whole(_outermost(blocks), layers, parts)
        or _outermost([layer for layer in layers if layer.rectified and _one(parts[layer.name], nn.ReLU, nn.ReLU6)])
        or _outermost([layer for layer in layers if _one(parts[layer.name], nn.Conv2d)])
        or [layer for layer in layers if isinstance(parts[layer.name], nn.Linear)]
    )
    if len(found) > MANY:
        last = {(layer.height, layer.width): layer for layer in found}
        found = list(last.values()) if len(last) > 1 else found
    return {layer.name for layer in found}


def _outermost(layers: Sequence[LayerEntry]) -> list[LayerEntry]:
    names = {layer.name for layer in layers}
    return [layer for layer in layers if not any(layer.name.startswith(f"{name}.") for name in names)]


def _whole(
    blocks: Sequence[LayerEntry], layers: Sequence[LayerEntry], parts: Mapping[str, nn.Module]
) -> list[LayerEntry]:
    """A block that occurs only once (Inception's `Mixed_6a`) stands among other blocks: it is meant, not its parts."""
    homes = {_parent(block.name) for block in blocks}
    found = {block.name for block in blocks}
    for block in blocks:
        parent = _parent(block.name)
        if parent and _parent(parent) in homes and type(parts[parent]) not in _CONTAINERS:
            found = found - {block.name} | {parent}
    return [layer for layer in layers if layer.name in found]


def _parent(name: str) -> str:
    return name.rpartition(".")[0]


def _one(module: nn.Module, *kinds: type[nn.Module]) -> bool:
    """A ReLU itself or filters with one; not the pooling after it, nor a chain of several."""
    return sum(isinstance(part, kinds) for part in module.modules()) == 1
