"""How much of a request's time was a wait that is part of what was asked for, as for the end of a job.

That says how long the job took, and nothing of how fast requests are answered.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Waits:
    """Those of one request."""

    def __init__(self) -> None:
        self.seconds = 0.0


_OURS: ContextVar[Waits | None] = ContextVar("waits", default=None)


@contextmanager
def counted() -> Iterator[Waits]:
    """Of the request that is answered meanwhile."""
    waits = Waits()
    was = _OURS.set(waits)
    try:
        yield waits
    finally:
        _OURS.reset(was)


@contextmanager
def waiting() -> Iterator[None]:
    """Counts what is done meanwhile as a wait of the request that does it, if any counts."""
    begun, waits = time.perf_counter(), _OURS.get()
    try:
        yield
    finally:
        if waits is not None:
            waits.seconds += time.perf_counter() - begun
