"""The ticks of a job in its trace: a few spans of many ticks each, however many steps it has.

A picture takes hundreds of ticks of some milliseconds, and a span for each would cost more than it tells. Each span
here says up to which step it goes, how much of its time the ticks took, and how many works shared them. Jobs that are
not traced cost a look at their `Ask`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from featurelens.jobs import tracing
from featurelens.jobs.kinds import kind_of
from featurelens.worker.renderer.work import Work

MOST = 16
"""Spans of one job."""


@dataclass
class _Ticks:
    """Those since the last span. Moments are nanoseconds since 1970."""

    every: int
    begun: int
    ticks: int = 0
    busy: int = 0
    company: int = 0


class TickSpans:
    """Of all jobs in progress. `now` is the time in nanoseconds."""

    def __init__(self, now: Callable[[], int] = time.time_ns) -> None:
        self._now = now
        self._open: dict[int, _Ticks] = {}
        """By the identity of the work."""

    @contextmanager
    def tick(self, chosen: Sequence[Work]) -> Iterator[None]:
        """The block is one tick of these works."""
        begun = self._now()
        yield
        for work in chosen:
            if work.ask.trace:
                self._note(work, begun, len(chosen))

    def end(self, works: Collection[Work]) -> None:
        """They have ended or been dropped: what is open of them is told."""
        for work in works:
            ticks = self._open.pop(id(work), None)
            if ticks is not None and ticks.ticks:
                self._tell(work, ticks)

    def _note(self, work: Work, begun: int, company: int) -> None:
        ticks = self._open.get(id(work))
        if ticks is None:
            steps = kind_of(work.ask.key).steps(work.ask.spec)
            ticks = self._open[id(work)] = _Ticks(-(-steps // MOST), begun)
        ticks.ticks += 1
        ticks.busy += self._now() - begun
        ticks.company += company
        if ticks.ticks >= ticks.every:
            self._tell(work, ticks)
            self._open[id(work)] = _Ticks(ticks.every, self._now())

    def _tell(self, work: Work, ticks: _Ticks) -> None:
        tracing.record(
            "ticks",
            work.ask.trace,
            ticks.begun,
            self._now(),
            ticks=ticks.ticks,
            step=work.step,
            busy_milliseconds=ticks.busy // 1_000_000,
            works=round(ticks.company / ticks.ticks),
        )
