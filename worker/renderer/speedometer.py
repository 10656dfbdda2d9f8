"""Measures how fast pictures advance, for estimates: medians of the latest ticks of each kind of lane."""

from __future__ import annotations

from collections import deque
from statistics import median

from featurelens.jobs.queue.speeds import LaneKind, Speed

KINDS = 64
"""Kinds of lanes that are told of; of more, those that were measured last."""

RECENT = 32
"""Ticks that a median is taken of."""


class Speedometer:
    """Written by the renderer's loop; what `read` returns may be read by other threads meanwhile."""

    def __init__(self) -> None:
        self._recent: dict[LaneKind, tuple[deque[float], deque[float]]] = {}
        self._told: dict[LaneKind, Speed] = {}
        """Never changed, only replaced."""

    def add(self, kind: LaneKind, seconds: float, rows: int, *, alone: bool) -> None:
        """One tick that took so long, with so many rows; `alone`: all of them were of one picture."""
        recent = self._recent.pop(kind, None) or (deque(maxlen=RECENT), deque(maxlen=RECENT))
        self._recent[kind] = recent
        recent[0 if alone else 1].append(seconds / rows)
        for oldest in list(self._recent)[:-KINDS]:
            del self._recent[oldest]
        told = {known: speed for known, speed in self._told.items() if known in self._recent}
        self._told = {**told, kind: _speed(kind, *recent)}

    def read(self) -> list[Speed]:
        """One speed of each kind of lane."""
        return list(self._told.values())


def _speed(kind: LaneKind, alone: deque[float], shared: deque[float]) -> Speed:
    height, width = kind.size
    medians = {name: round(median(ticks), 6) for name, ticks in (("alone", alone), ("shared", shared)) if ticks}
    return Speed(digest=kind.digest, layers=list(kind.layers), height=height, width=width, **medians)
