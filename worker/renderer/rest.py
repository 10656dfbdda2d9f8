"""What a renderer does when it has had nothing to do for a while: it gives its memory back."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

from featurelens.engine.malloc import give_back

REST_AFTER = 20.0
"""Seconds without work. The next picture has its memory mapped again, once."""


class Rest:
    """`tell` it each turn whether there is work; after `REST_AFTER` seconds without, it gives memory back, once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._idle_since: float | None = clock()  # it has warmed up

    def tell(self, busy: bool) -> bool:
        """Whether memory has been given back now."""
        if busy:
            self._idle_since = self._clock()
        elif self._idle_since is not None and self._clock() - self._idle_since > REST_AFTER:
            self._idle_since = None
            gc.collect()
            return give_back()
        return False
