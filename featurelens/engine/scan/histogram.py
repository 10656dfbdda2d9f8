"""Histograms of numbers that come in a stream: a fixed number of bins, as narrow as the range so far allows.

Bins are as wide as a power of two and begin at its multiples. When a number falls outside, the width doubles until all
fit again, and neighbours become one. So the bins follow from the smallest and the largest number alone, and what is in
them from the numbers: neither order nor cutting shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from featurelens.engine.scan.state import State

BINS = 64
_BITS = BINS.bit_length() - 1
_FINEST = -126
"""The exponent of the narrowest bin: smaller numbers are all in one."""
_DIGITS = 24
"""A bin is not narrower than the float32 numbers in it are apart, so that its place is a small whole number."""


@dataclass(frozen=True)
class Histogram:
    """`counts[i]` numbers were at least ``low + i * width`` and less than a `width` more."""

    low: float
    width: float
    counts: tuple[int, ...]
    smallest: float
    largest: float


class Histograms:
    """One for each of `count` series of finite numbers."""

    def __init__(self, count: int) -> None:
        self._low = torch.full((count,), torch.inf)
        self._high = torch.full((count,), -torch.inf)
        self._width = torch.full((count,), _FINEST, dtype=torch.int64)
        self._first = torch.zeros(count, dtype=torch.int64)
        self._counts = torch.zeros(count, BINS, dtype=torch.int64)

    def add(self, values: Tensor) -> None:
        """`values` (B, count) float32, finite: one number of each series a row."""
        values = values + 0.0  # there is a zero below zero
        self._cover(values.amin(0), values.amax(0))
        places = _place(values, self._width) - self._first
        self._counts.scatter_add_(1, places.T, torch.ones_like(places.T))

    def merge(self, other: Histograms) -> None:
        self._cover(other._low, other._high)
        self._counts += other._rebinned(self._width, self._first)

    def state(self) -> dict[str, Tensor]:
        return {
            "low": self._low,
            "high": self._high,
            "width": self._width,
            "first": self._first,
            "counts": self._counts,
        }

    def restore(self, state: State) -> None:
        self._low, self._high = state["low"], state["high"]
        self._width, self._first, self._counts = state["width"], state["first"], state["counts"]

    def value(self, series: int) -> Histogram:
        """The histogram, without the empty bins behind the last one."""
        width = 2.0 ** int(self._width[series])
        counts = self._counts[series].tolist()
        while counts and not counts[-1]:
            counts.pop()
        low = int(self._first[series]) * width
        return Histogram(low, width, tuple(counts), float(self._low[series]), float(self._high[series]))

    def below_zero(self) -> Tensor:
        """(count,) whether any number was."""
        return self._low < 0

    def _cover(self, low: Tensor, high: Tensor) -> None:
        """Makes room for numbers from `low` to `high`."""
        low, high = torch.minimum(self._low, low), torch.maximum(self._high, high)
        if torch.equal(low, self._low) and torch.equal(high, self._high):
            return
        width = _width(low, high)
        first = _place(low, width)
        self._counts = self._rebinned(width, first)
        self._low, self._high, self._width, self._first = low, high, width, first

    def _rebinned(self, width: Tensor, first: Tensor) -> Tensor:
        """The counts in bins of 2^`width`, which is no narrower, from `first` on."""
        own = self._first[:, None] + torch.arange(BINS)
        wider = (width - self._width).clamp(max=63)  # further a whole number cannot be shifted, nor need it be
        places = (own >> wider[:, None]) - first[:, None]
        # What lies outside is empty.
        return torch.zeros_like(self._counts).scatter_add_(1, places.clamp(0, BINS - 1), self._counts)


def _width(low: Tensor, high: Tensor) -> Tensor:
    """The exponent of the narrowest bins that hold `low` to `high`; it does not fall when the range grows."""
    empty = low > high
    low, high = low.masked_fill(empty, 0.0), high.masked_fill(empty, 0.0)
    largest = torch.maximum(low.abs(), high.abs())
    width = torch.maximum(_exponent(largest) - _DIGITS, _exponent(high.double() - low.double()) - _BITS)
    width = width.clamp(min=_FINEST)
    # The range is less than `BINS` wide now, but may begin in the middle of a bin.
    for _ in range(2):
        width += _place(high, width) - _place(low, width) >= BINS
    return width


def _exponent(values: Tensor) -> Tensor:
    """The power of two above each of `values`, which are not below zero; of zero the lowest."""
    return torch.frexp(values)[1].long().masked_fill(values == 0, _FINEST)


def _place(values: Tensor, width: Tensor) -> Tensor:
    """The number of the bin of 2^`width`, exactly."""
    scale = ((1023 - width) << 52).view(torch.float64)  # 2^-width; torch's own powers of two are not exact
    return torch.floor(values.double() * scale).long()
