"""Sums of float32 numbers without rounding, so that their order does not matter.

A number is a whole mantissa of 24 bits times a power of two. Mantissas whose powers are within 16 of each other are
shifted to the lowest of them and added up as whole numbers; there are 17 such groups over all of float32. (The idea of
a long accumulator is Kulisch's; see Demmel and Nguyen, "Parallel Reproducible Summation", 2015.)
"""

from __future__ import annotations

from fractions import Fraction

import torch
from torch import Tensor

from featurelens.engine.scan.state import State

MANTISSA = 24
_WIDTH = 16
"""Powers of two in a group. A term has at most 24 + 15 bits, so that 2^24 of them fit into 63."""
_LOWEST = -148
"""The exponent that `frexp` finds for the smallest float32 above zero."""
_GROUPS = (128 - _LOWEST) // _WIDTH + 1


class ExactSum:
    """A sum for each of `count` series of at most 16 million finite numbers."""

    def __init__(self, count: int) -> None:
        self._sums = torch.zeros(count, _GROUPS, dtype=torch.int64)

    def add(self, values: Tensor) -> None:
        """`values` (B, count) float32, finite: one number of each series a row."""
        mantissas, exponents = torch.frexp(values)
        steps = exponents.long() - _LOWEST
        # Zero has the exponent 0 and the mantissa 0.
        terms = (mantissas * 2.0**MANTISSA).long() << (steps % _WIDTH)
        self._sums.scatter_add_(1, (steps // _WIDTH).T, terms.T)

    def add_squares(self, values: Tensor) -> None:
        """The same of their squares: exact, as two float32 each, but for squares outside the range of float32."""
        squares = values.double().square()
        high = squares.float()
        self.add(high)
        self.add((squares - high.double()).float())

    def merge(self, other: ExactSum) -> None:
        self._sums += other._sums

    def state(self) -> dict[str, Tensor]:
        return {"sums": self._sums}

    def restore(self, state: State) -> None:
        self._sums = state["sums"]

    def value(self, series: int) -> Fraction:
        """The sum, exactly."""
        groups = enumerate(self._sums[series].tolist())
        return Fraction(sum(mantissas << (group * _WIDTH) for group, mantissas in groups), 2 ** (MANTISSA - _LOWEST))
