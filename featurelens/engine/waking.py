"""Help for a picture that no gradient reaches: whatever is shut opens a little further off than one step.

While it lasts, shut rectifiers redirect gradients (lucid) and what is climbed is the pre-activation, from the picture's
own start and then from others, louder, whose darkest and brightest spots are darker and brighter.
"""

from __future__ import annotations

TRIES = (1.0, 10.0, 40.0)
"""Starts, by how many times the parameters are those that are usually drawn. The first is the picture's own."""
TICKS = 32
"""From each start."""
PUSH = 4.0
"""The largest step of a parameter in one tick, in learning rates."""
TEST = 8
"""So many ticks apart the exact gradient is asked for."""


class Waking:
    """How far the help for one picture has come."""

    def __init__(self) -> None:
        self.attempt = 0
        self._ticks = 0
        self._tested = False

    @property
    def over(self) -> bool:
        """Nothing has helped."""
        return self.attempt == len(TRIES)

    @property
    def testing(self) -> bool:
        """Whether the coming tick is one of the exact gradient."""
        return self._ticks % TEST == 0 and not self._tested

    def helped(self) -> None:
        """A tick more."""
        self._ticks += 1
        self._tested = False

    def failed(self) -> bool:
        """The exact gradient does not reach the picture yet. Returns whether it is time to start again elsewhere."""
        self._tested = True
        if self._ticks < TICKS:
            return False
        self.attempt += 1
        self._ticks = 0
        self._tested = False
        return True
