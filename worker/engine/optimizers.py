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
    product: float = 1.0
    """Of the momentum schedule so far (NAdam)."""


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
    """Kingma and Ba 2015, with bias correction by each picture's own step counter.

    `beta1` and `beta2` (0 to 1) are what the running means of gradient and squared gradient keep at every step. The
    textbook's 0.9 and 0.999 are for thousands of steps: in a hundred, a picture that coasts misses what a picture that
    turns at once finds (docs/quality.md).
    """

    beta1: float = 0.1
    beta2: float = 0.99
    epsilon: float = 1e-8

    def step(
        self,
        parameters: Sequence[Sequence[Tensor]],
        gradients: Sequence[Sequence[Tensor]],
        moments: Sequence[Moments],
        rates: Sequence[float],
    ) -> None:
        values, slopes, first, second = _remembered(parameters, gradients, moments)
        counts = [memory.step for memory in moments for _ in memory.first]
        spread = self._spread(slopes, first, second, counts)
        speeds = _each(rates, parameters)
        steps = [speed / (1 - self.beta1**count) for speed, count in zip(speeds, counts, strict=True)]
        torch._foreach_addcdiv_(values, first, spread, steps)

    def _spread(
        self, slopes: list[Tensor], first: list[Tensor], second: list[Tensor], counts: list[int]
    ) -> tuple[Tensor, ...]:
        """Updates both moments and returns the root of the second, bias corrected, plus epsilon."""
        torch._foreach_lerp_(first, slopes, 1 - self.beta1)
        torch._foreach_mul_(second, self.beta2)
        torch._foreach_addcmul_(second, slopes, slopes, 1 - self.beta2)
        spread = torch._foreach_sqrt(second)
        torch._foreach_div_(spread, [math.sqrt(1 - self.beta2**count) for count in counts])
        torch._foreach_add_(spread, self.epsilon)
        return spread


@dataclass(frozen=True)
class NAdam(Adam):
    """Adam that looks ahead (Dozat 2016), with the momentum schedule mu_t = beta1 (1 - 0.5 * 0.96 ** (0.004 t))."""

    decay: float = 0.004

    def step(
        self,
        parameters: Sequence[Sequence[Tensor]],
        gradients: Sequence[Sequence[Tensor]],
        moments: Sequence[Moments],
        rates: Sequence[float],
    ) -> None:
        values, slopes, first, second = _remembered(parameters, gradients, moments)
        for memory in moments:
            memory.product *= self._momentum(memory.step)
        counts = [memory.step for memory in moments for _ in memory.first]
        products = [memory.product for memory in moments for _ in memory.first]
        spread = self._spread(slopes, first, second, counts)
        speeds = _each(rates, parameters)
        rows = list(zip(speeds, counts, products, strict=True))
        now = [speed * (1 - self._momentum(count)) / (1 - product) for speed, count, product in rows]
        ahead = [
            speed * self._momentum(count + 1) / (1 - product * self._momentum(count + 1))
            for speed, count, product in rows
        ]
        torch._foreach_addcdiv_(values, slopes, spread, now)
        torch._foreach_addcdiv_(values, first, spread, ahead)

    def _momentum(self, step: int) -> float:
        return self.beta1 * (1 - 0.5 * math.pow(0.96, step * self.decay))


@dataclass(frozen=True)
class Gradient:
    """The plain gradient times the learning rate: no memory, and no mercy on badly scaled parameters."""

    def step(
        self,
        parameters: Sequence[Sequence[Tensor]],
        gradients: Sequence[Sequence[Tensor]],
        moments: Sequence[Moments],
        rates: Sequence[float],
    ) -> None:
        values = [tensor for own in parameters for tensor in own]
        slopes = [tensor for own in gradients for tensor in own]
        torch._foreach_add_(values, torch._foreach_mul(slopes, _each(rates, parameters)))


def _remembered(
    parameters: Sequence[Sequence[Tensor]], gradients: Sequence[Sequence[Tensor]], moments: Sequence[Moments]
) -> tuple[list[Tensor], list[Tensor], list[Tensor], list[Tensor]]:
    """Flat lists of values, slopes, first and second moments; counts the step."""
    for memory, own in zip(moments, parameters, strict=True):
        if not memory.first:
            memory.first = [torch.zeros_like(tensor) for tensor in own]
            memory.second = [torch.zeros_like(tensor) for tensor in own]
        memory.step += 1
    return (
        [tensor for own in parameters for tensor in own],
        [tensor for own in gradients for tensor in own],
        [tensor for memory in moments for tensor in memory.first],
        [tensor for memory in moments for tensor in memory.second],
    )


def _each(rates: Sequence[float], parameters: Sequence[Sequence[Tensor]]) -> list[float]:
    """Each picture's rate, once for each of its tensors."""
    return [rate for rate, own in zip(rates, parameters, strict=True) for _ in own]
