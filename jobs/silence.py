"""How long a sign of life has not changed, told by who looks at it again and again.

Nobody's timestamps are believed: wall clocks jump, and what is written in one process is read late in another. And
whoever has stood still (a stopped process, a suspended machine) has heard nothing meanwhile, so one look counts for
little however late it comes.
"""

from __future__ import annotations

import time


class Silence:
    """Of one sign. A look counts for `step` seconds at most: choose the pace of looks, a little generous."""

    def __init__(self, step: float) -> None:
        self._step = step
        self._sign: object = None
        self._looked: float | None = None
        self._seconds = 0.0

    def seconds(self, sign: object) -> float:
        """Looks; seconds of silence while this observer was awake, 0 at the first look and when `sign` has changed."""
        now = time.monotonic()
        if self._looked is None or sign != self._sign:
            self._seconds = 0.0
        else:
            self._seconds += min(now - self._looked, self._step)
        self._sign, self._looked = sign, now
        return self._seconds
