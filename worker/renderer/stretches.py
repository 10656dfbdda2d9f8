"""Lanes of sweeps take turns in stretches: what is due to any of them is made of one, until its pictures have ended.

Places in the making are few. Were all lanes to advance side by side, each would have some of them for ever: as a
picture ends, one of another lane begins. One after the other they end, and the next one is full when it has its turn.
How much time sweeps get beside other work stays what it is (`fair_share`).
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

ROUND = 10.0
"""Seconds of the time that sweeps get, after which each of their lanes has had the turn."""


class Stretches:
    """In the order in which lanes came, each until those have ended that were there when the first of them ended.

    Who comes after that has its next turn. A turn ends sooner when it has been the lane's part of a round.
    """

    def __init__(self) -> None:
        self._line: list[object] = []
        """The lanes that have only work of sweeps; the first has the turn."""
        self._turn: object = None
        self._there: set[int] = set()
        """The identities of its work, as of the look before."""
        self._ending: set[int] | None = None
        """Of them those with which the turn ends; None: none has ended yet."""
        self._used = 0.0
        """Seconds of its turn while others waited."""

    def instead(self, due: object, swept: Mapping[Any, Collection[object]]) -> object:
        """Which lane has the turn that is due to one: that one, unless it is of `swept`, those of sweeps, with their
        work.
        """
        if due not in swept:
            return due
        self._line = [lane for lane in self._line if lane in swept]
        self._line += [lane for lane in swept if lane not in self._line]
        there = set(map(id, swept[self._line[0]]))
        if self._line[0] == self._turn:
            if self._ending is None and not self._there <= there:
                self._ending = self._there
            if self._ending is not None:
                self._ending = self._ending & there
            if self._ending != set() and self._used * (len(self._line) - 1) < ROUND:
                self._there = there
                return self._turn
            self._line.append(self._line.pop(0))
        self._turn = self._line[0]
        self._there, self._ending, self._used = set(map(id, swept[self._turn])), None, 0.0
        return self._turn

    def spend(self, lane: object, seconds: float) -> None:
        """Counts a turn of `lane`."""
        if lane == self._turn and len(self._line) > 1:
            self._used += seconds

    @contextmanager
    def turn(self, lane: object) -> Iterator[None]:
        """A turn of `lane`, whose seconds count."""
        begun = time.perf_counter()
        yield
        self.spend(lane, time.perf_counter() - begun)
