"""Gradient ascent for many pictures at once, each with its own moments and step counter.

torch's own arithmetic, in the functional form that takes state from outside. The state of all is in the same tensors, a
row each; the arithmetic is told of single rows, so that each is moved as it is alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import torch
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.nadam import nadam

_TINY = 1e-30
"""Where there is no gradient, nothing moves."""


@dataclass(frozen=True)
class Moments:
    """What the optimizer remembers, a tensor for each parameter; nothing where it remembers nothing.

    Running means of gradient and squared gradient, shaped as the parameter; steps taken, and the product of NAdam's
    momentum schedule so far, each (rows,).
    """

    first: list[Tensor] = field(default_factory=list)
    second: list[Tensor] = field(default_factory=list)
    steps: list[Tensor] = field(default_factory=list)
    products: list[Tensor] = field(default_factory=list)

    def all(self) -> list[Tensor]:
        """Every tensor, in a fixed order."""
        return [*self.first, *self.second, *self.steps, *self.products]

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Moments:
        """Of every tensor what `change` makes of it."""
        lists = (self.first, self.second, self.steps, self.products)
        return Moments(*([change(tensor) for tensor in tensors] for tensors in lists))


class Optimizer(Protocol):
    """Immutable and hashable; pictures with equal optimizers are stepped together."""

    @property
    def share(self) -> float:
        """The part of a parameterization's own learning rate that suits when nobody asks for another rate."""
        ...

    def begin(self, parameters: Sequence[Tensor]) -> Moments:
        """What it remembers of a picture with these parameters before the first step: one row."""
        ...

    def step(
        self,
        parameters: Sequence[Tensor],
        gradients: Sequence[Tensor],
        moments: Moments,
        rates: Sequence[float | None],
    ) -> None:
        """Moves the parameters of each picture up their gradients, in place, by the picture's own learning rate.

        Each has as many rows of every tensor; one whose rate is None stays where it is.
        """
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

    def begin(self, parameters: Sequence[Tensor]) -> Moments:
        return Moments(
            [torch.zeros_like(tensor) for tensor in parameters],
            [torch.zeros_like(tensor) for tensor in parameters],
            [torch.zeros(1, device=self._counters or tensor.device) for tensor in parameters],
            [torch.ones(1, device=self._counters or tensor.device) for tensor in parameters],
        )

    def step(
        self,
        parameters: Sequence[Tensor],
        gradients: Sequence[Tensor],
        moments: Moments,
        rates: Sequence[float | None],
    ) -> None:
        lists = (parameters, _laid_out(gradients), moments.first, moments.second)
        rows = [_rows(tensors, len(rates)) for tensors in lists]
        counters = [[each.unbind() for each in tensors] for tensors in (moments.steps, moments.products)]
        for rate, which in _by_rate(rates).items():
            values, slopes, *memory = ([own[row] for own in tensors for row in which] for tensors in (*rows, *counters))
            self._move(rate, values, slopes, Moments(*memory))

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

    def begin(self, parameters: Sequence[Tensor]) -> Moments:
        return Moments()

    def step(
        self,
        parameters: Sequence[Tensor],
        gradients: Sequence[Tensor],
        moments: Moments,
        rates: Sequence[float | None],
    ) -> None:
        rows = [_rows(tensors, len(rates)) for tensors in (parameters, _laid_out(gradients))]
        for rate, which in _by_rate(rates).items():
            values, slopes = ([own[row] for own in tensors for row in which] for tensors in rows)
            sizes = [slope.square().mean().sqrt().clamp(min=_TINY) for slope in slopes]
            torch._foreach_add_(values, torch._foreach_div(slopes, sizes), alpha=rate)


def _laid_out(gradients: Sequence[Tensor]) -> list[Tensor]:
    """The fused kernel walks memory side by side, whatever the strides say."""
    return [slope.contiguous() for slope in gradients]


def _rows(tensors: Sequence[Tensor], count: int) -> list[tuple[Tensor, ...]]:
    """Of each tensor the parts of `count` pictures."""
    return [tensor.chunk(count) for tensor in tensors]


def _by_rate(rates: Sequence[float | None]) -> dict[float, list[int]]:
    """For each rate the pictures that move by it."""
    which: dict[float, list[int]] = {}
    for row, rate in enumerate(rates):
        if rate is not None:
            which.setdefault(rate, []).append(row)
    return which
