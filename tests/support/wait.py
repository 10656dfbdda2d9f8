"""Waiting for something to come true, without sleeping longer than it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(ask: Callable[[], T | None], within: float = 20.0, what: str = "the condition", every: float = 0.02) -> T:
    """Asks every `every` seconds and returns the first true answer; fails with `what` after `within` seconds."""
    end = time.monotonic() + within
    while not (answer := ask()):
        assert time.monotonic() < end, f"not within {within:g} s: {what}"
        time.sleep(every)
    return answer
