"""Gradient ascent for many pictures at once, each with its own moments and step counter.

torch's own arithmetic, in the functional form that takes state from outside: pictures can join and leave without
copying anybody's state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import torch
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.nadam import nadam

_TINY = 1e-30
"""Where there is no gradient, nothing moves."""


@dataclass
class Moments:
    """What the optimizer remembers, a tensor for each parameter.

    Running means of gradient and squared gradient, steps taken, and the product of NAdam's momentum schedule so far.
    """

    first: list[Tensor] = field(default_factory=list)
    second: list[Tensor] = field(default_factory=list)
    steps: list[Tensor] = field(default_factory=list)
    products: list[Tensor] = field(default_factory=list)

    def begin(self, parameters: Sequence[Tensor], counters: torch.device | None = None) -> None:
        """If nothing is remembered yet: zeros, and `counters` on that device or where the parameters are."""
        if not self.first:
            self.first = [torch.zeros_like(tensor) for tensor in parameters]
            self.second = [torch.zeros_like(tensor) for tensor in parameters]
            self.steps = [torch.zeros((), device=counters or tensor.device) for tensor in parameters]
            self.products = [torch.ones((), device=counters or tensor.device) for tensor in parameters]


class Optimizer(Protocol):
    """Immutable and hashable; pictures with equal optimizers are stepped together."""

    @property
    def share(self) -> float:
        """The part of a parameterization's own learning rate that suits when nobody asks for another rate."""
        ...

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
    share: ClassVar[float] = 1.0

    _counters: ClassVar[torch.device | None] = None

    def step(
        self,
        parameters: Sequence[Sequence[Tensor]],
        gradients: Sequence[Sequence[Tensor]],
        moments: Sequence[Moments],
        rates: Sequence[float],
    ) -> None:
        for memory, own in zip(moments, parameters, strict=True):
            memory.begin(own, self._counters)
        for rate, gathered in _by_rate(parameters, gradients, moments, rates).items():
            self._move(rate, *gathered)

    def _move(self, rate: float, values: list[Tensor], slopes: list[Tensor], moments: Moments) -> None:
        adam(
            values,
            slopes,
            moments.first,
            moments.second,
            [],
            moments.steps,
            fused=True,
            amsgrad=False,
            beta1=self.beta1,
            beta2=self.beta2,
            lr=rate,
            weight_decay=0.0,
            eps=self.epsilon,
            maximize=True,
        )


@dataclass(frozen=True)
class NAdam(Adam):
    """Adam that looks ahead (Dozat 2016), with the momentum schedule mu_t = beta1 (1 - 0.5 * 0.96 ** (0.004 t))."""

    decay: float = 0.004

    _counters: ClassVar[torch.device | None] = torch.device("cpu")  # torch reads them at every step

    def _move(self, rate: float, values: list[Tensor], slopes: list[Tensor], moments: Moments) -> None:
        nadam(
            values,
            slopes,
            moments.first,
            moments.second,
            moments.products,
            moments.steps,
            beta1=self.beta1,
            beta2=self.beta2,
            lr=rate,
            weight_decay=0.0,
            momentum_decay=self.decay,
            eps=self.epsilon,
            maximize=True,
        )


@dataclass(frozen=True)
class Gradient:
    """The gradient of each parameter at a root mean square of 1, times the learning rate: direction without memory.

    Units answer in magnitudes that differ by thousands; so one rate suits them all. Within a parameter, what is badly
    scaled stays so. A `share` of 0.3 was measured with every parameterization (docs/experiments/gradient.md).
    """

    share: ClassVar[float] = 0.3

    def step(
        self,
        parameters: Sequence[Sequence[Tensor]],
        gradients: Sequence[Sequence[Tensor]],
        moments: Sequence[Moments],
        rates: Sequence[float],
    ) -> None:
        for rate, (values, slopes, _) in _by_rate(parameters, gradients, moments, rates).items():
            sizes = [slope.square().mean().sqrt().clamp(min=_TINY) for slope in slopes]
            torch._foreach_add_(values, torch._foreach_div(slopes, sizes), alpha=rate)


def _by_rate(
    parameters: Sequence[Sequence[Tensor]],
    gradients: Sequence[Sequence[Tensor]],
    moments: Sequence[Moments],
    rates: Sequence[float],
) -> dict[float, tuple[list[Tensor], list[Tensor], Moments]]:
    """For each rate the values, slopes and moments of all pictures that move by it, one after the other."""
    gathered: dict[float, tuple[list[Tensor], list[Tensor], Moments]] = {}
    for own, gradient, memory, rate in zip(parameters, gradients, moments, rates, strict=True):
        values, slopes, together = gathered.setdefault(rate, ([], [], Moments()))
        values += own
        # The fused kernel walks memory side by side, whatever the strides say.
        slopes += [slope.contiguous() for slope in gradient]
        together.first += memory.first
        together.second += memory.second
        together.steps += memory.steps
        together.products += memory.products
    return gathered
