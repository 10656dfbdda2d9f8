"""The networks of the zoo by name, and their layers."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

import torch

from featurelens.engine.constant_inputs import supply
from featurelens.engine.network import Network
from featurelens.jobs.catalog.entries import LayerEntry
from featurelens.worker.models.inspection.layers import describe
from tests.networks import zoo
from tests.support.small_networks import network

NAMES = sorted(module.name for module in pkgutil.iter_modules(zoo.__path__))


def build(name: str) -> tuple[Network, int, int]:
    """The network of a file, its channels and its size; the same weights each time."""
    module = import_module(f"{zoo.__name__}.{name}")
    torch.manual_seed(sum(map(ord, name)))
    channels, size = getattr(module, "CHANNELS", 3), getattr(module, "SIZE", 32)
    built = module.build().eval()
    supply(built, getattr(module, "INPUTS", {}))
    return network(built, channels, name), channels, size


@cache
def described(name: str) -> tuple[LayerEntry, ...]:
    net, channels, size = build(name)
    return tuple(describe(net.module, channels, (size, size)).layers)
