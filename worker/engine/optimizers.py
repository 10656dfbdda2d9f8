"""Gradient ascent for many pictures at once, each with its own moments and step counter.

The arithmetic runs over lists of tensors (`torch._foreach_*`), so that pictures can join and leave without copying
anybody's state, and so that a GPU needs a handful of kernels rather than a handful per picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor


@dataclass
class Moments:
    """The optimizer's memory for one picture: running means of gradient and squared gradient, and steps taken."""

    first: list[Tensor] = field(default_factory=list)
    second: list[Tensor] = field(default_factory=list)
    step: int = 0


class Optimizer(Protocol):
    """Immutable and hashable; pictures with equal optimizers are stepped together."""

    def step(
        self,
        parameters: Sequence[Sequence[Tensor]],
        gradients: Sequence[Sequence[Tensor]],
        moments: Sequence[Moments],
        rates: Sequence[float],
    ) -> None:
        """Moves each picture's parameters up its gradient, in place, by its own learning rate."""
        ...


@dataclass(frozen=True)
class Adam:
    """Kingma and Ba 2015, with bias correction by each picture's own step counter."""

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def step(
        self,
        parameters: Sequence[Sequence[Tensor]],
        gradients: Sequence[Sequence[Tensor]],
        moments: Sequence[Moments],
        rates: Sequence[float],
    ) -> None:
        for memory, own in zip(moments, parameters, strict=True):
            if not memory.first:
                memory.first = [torch.zeros_like(tensor) for tensor in own]
                memory.second = [torch.zeros_like(tensor) for tensor in own]
            memory.step += 1
        values = [tensor for own in parameters for tensor in own]
        slopes = [tensor for own in gradients for tensor in own]
        first = [tensor for memory in moments for tensor in memory.first]
        second = [tensor for memory in moments for tensor in memory.second]
        counts = [memory.step for memory in moments for _ in memory.first]
        speeds = [rate for rate, own in zip(rates, parameters, strict=True) for _ in own]
        torch._foreach_lerp_(first, slopes, 1 - self.beta1)
        torch._foreach_mul_(second, self.beta2)
        torch._foreach_addcmul_(second, slopes, slopes, 1 - self.beta2)
        spread = torch._foreach_sqrt(second)
        torch._foreach_div_(spread, [math.sqrt(1 - self.beta2**count) for count in counts])
        torch._foreach_add_(spread, self.epsilon)
        steps = [speed / (1 - self.beta1**count) for speed, count in zip(speeds, counts, strict=True)]
        torch._foreach_addcdiv_(values, first, spread, steps)
