"""Objectives that differ in their channel alone are read at once, each on a row of its own."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Any, TypeGuard

import torch
from torch import Tensor

from featurelens.engine.objectives.base import Objective, Readings, at, climbed, direction
from featurelens.engine.objectives.units import Channel, Neuron

_SHARED_OUT = 2**15
"""Numbers from which on a single sum is shared out among threads, and so is another than beside others."""


Single = Channel | Neuron


def unit(objective: Objective) -> int:
    """The channel in which it differs from others of its kind."""
    return objective.channel if _single(objective) else 0


def kind(objective: Objective) -> Hashable:
    """What those have in common that can be read at once; of others, their type."""
    if not _single(objective):
        return type(objective)
    position = (objective.x, objective.y) if isinstance(objective, Neuron) else ()
    return type(objective), objective.layer, objective.sign, position


def score(objectives: Sequence[Objective], readings: Readings, units: Tensor) -> Tensor | None:
    """(rows,): what each row scores, all of one kind, at its one of `units`; to the bit what `Objective.score` says of
    it alone. None where they must be asked one by one, as where the layer has no such channel. Raises ValueError for a
    position outside the layer.
    """
    first = objectives[0]
    if not _single(first):
        return None
    maps = climbed(readings[first.layer], first.sign)
    if not all(-maps.shape[1] <= unit(each) < maps.shape[1] for each in objectives):
        return None
    if isinstance(first, Neuron):
        there = at(maps, first.x, first.y)
        return direction(first.sign) * there[torch.arange(len(units), device=units.device), units].float()
    if math.prod(maps.shape[2:]) >= _SHARED_OUT:
        return None
    means: Tensor = ChannelMeans.apply(maps, units)
    return direction(first.sign) * means


def _single(objective: Objective) -> TypeGuard[Single]:
    """Not those derived from them, which may score otherwise."""
    return type(objective) in (Channel, Neuron)


class ChannelMeans(torch.autograd.Function):
    """(B, C, H, W) of any precision and a channel for each row -> (B,) its mean, in float32."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, units: Tensor) -> Tensor:
        ctx.save_for_backward(units)
        ctx.shape, ctx.dtype = maps.shape, maps.dtype
        picked = maps[torch.arange(len(units), device=units.device), units]
        if maps.dtype == torch.float32 and not maps[:1, 0].is_contiguous():
            # A sum over numbers with gaps between them is taken in another order than one over neighbours.
            picked = picked.new_empty(*picked.shape, 2)[..., 0].copy_(picked)
        return picked.float().mean((1, 2))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (units,) = ctx.saved_tensors
        each = gradients[0] / math.prod(ctx.shape[2:])
        slope = each.new_zeros(ctx.shape, dtype=ctx.dtype)
        slope[torch.arange(len(units), device=units.device), units] = each.to(ctx.dtype)[:, None, None]
        return slope, None
