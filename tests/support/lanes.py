"""Lanes run to their end."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from featurelens.engine.lane import Lane
from featurelens.engine.network import Network
from featurelens.engine.optimization import Optimization, Recipe, Rendering


def finish(lane: Lane, ticks: int = 10_000) -> list[Optimization]:
    """Ticks until nobody is left, and tells who left in which order."""
    gone: list[Optimization] = []
    for _ in range(ticks):
        if not lane.optimizations:
            return gone
        gone += lane.tick()
    raise AssertionError(f"{len(lane.optimizations)} pictures never finish")


def alone(
    net: Network,
    layers: Sequence[str],
    recipe: Recipe,
    dtype: torch.dtype = torch.float32,
    limit: int = 64,
    device: str = "cpu",
) -> Rendering:
    """A picture with a lane to itself."""
    lane = Lane(net, layers, recipe.size, dtype=dtype, device=device, limit=limit)
    render = lane.join(recipe)
    finish(lane)
    if render.failure is not None:
        raise render.failure
    return lane.result(render)
