"""ReLU, and the remedy for units that never wake: a gradient that passes where otherwise nothing would."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor


class RedirectedReLU(torch.autograd.Function):
    """Forward a ReLU. Backward, only for pictures whose whole gradient it would block, the gradient that would lift
    values from below zero passes (lucid, "redirected ReLU gradient", per picture).
    """

    @staticmethod
    def forward(ctx: Any, value: Tensor, limit: float) -> Tensor:
        ctx.save_for_backward(value)
        ctx.limit = limit
        return value.clamp(0, limit)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (value,) = ctx.saved_tensors
        (gradient,) = gradients
        inside = (value > 0) & (value < ctx.limit)
        passed = gradient * inside
        blocked = passed.flatten(1).abs().amax(1) == 0
        # The score is climbed: a positive gradient lifts.
        lifting = gradient * (inside | ((value <= 0) & (gradient > 0)))
        return torch.where(blocked.view(-1, *[1] * (value.dim() - 1)), lifting, passed), None


def redirected_relu(value: Tensor) -> Tensor:
    redirected: Tensor = RedirectedReLU.apply(value, float("inf"))
    return redirected


def redirected_relu6(value: Tensor) -> Tensor:
    redirected: Tensor = RedirectedReLU.apply(value, 6.0)
    return redirected


def rectify(value: Tensor, *, six: bool, redirect: bool) -> Tensor:
    """ReLU or ReLU6, plain or redirected, never in place."""
    if redirect:
        return redirected_relu6(value) if six else redirected_relu(value)
    return F.relu6(value) if six else torch.relu(value)
