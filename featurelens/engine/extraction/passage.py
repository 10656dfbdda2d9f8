"""How gradients pass rectifiers on their way back: exactly, leaking, or redirected; each row of a pass in its own way.

Where a rectifier is shut, the exact gradient says nothing of what would open it. A picture in the making may hear a
little of that (`Passage.leak`); it takes shape sooner and is less of this one network's own (Guo et al. 2020,
"Backpropagating linearly improves transferability of adversarial examples"; measured: docs/quality.md).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Self


class Passage(NamedTuple):
    """`leak` (0 to 1) is the part of a gradient that passes a shut rectifier on top of what its own slope lets through.

    `redirect` opens what is shut for pictures that would get no gradient at all (see `rectifier`).
    """

    leak: float = 0.0
    redirect: bool = False


EXACT = Passage()


class Passages(NamedTuple):
    """Of all rows of a pass in their order: runs of rows that share one, each with how many they are."""

    runs: tuple[tuple[Passage, int], ...]

    @classmethod
    def of(cls, each: Iterable[tuple[Passage, int]]) -> Self:
        """From the passage and the number of rows of each picture."""
        runs = itertools.groupby(each, key=lambda one: one[0])
        return cls(tuple((passage, sum(rows for _, rows in run)) for passage, run in runs))

    @property
    def exact(self) -> bool:
        return all(passage == EXACT for passage, _ in self.runs)

    @property
    def redirect(self) -> bool:
        """Whether any row's gradient is redirected."""
        return any(passage.redirect for passage, _ in self.runs)

    def filled(self, idle: int) -> Passages:
        """With so many idle rows behind, which go as the last do."""
        (passage, rows) = self.runs[-1]
        return Passages((*self.runs[:-1], (passage, rows + idle)))

    def parts(self, count: int) -> Iterator[tuple[Passage, slice]]:
        """Which of the `count` entries of a first dimension pass how: as many for each row.

        Raises ValueError where rows do not share them evenly, unless all pass alike.
        """
        if len(self.runs) == 1:
            yield self.runs[0][0], slice(count)
            return
        each, left = divmod(count, sum(rows for _, rows in self.runs))
        if left:
            raise ValueError(f"{count} entries are not as many for each of the rows")
        start = 0
        for passage, rows in self.runs:
            yield passage, slice(start, start + each * rows)
            start += each * rows


ALL_EXACT = Passages(((EXACT, 1),))
