"""Twins: a class that waits for answers and one that awaits them do the same, and say so in the same words."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TypeVar

C = TypeVar("C", bound=type)


def twin_of(other: type) -> Callable[[C], C]:
    """Gives the methods of a class the docstrings that those of `other` have."""

    def told(twin: C) -> C:
        for name, method in vars(twin).items():
            if inspect.isfunction(method) and method.__doc__ is None:
                method.__doc__ = getattr(getattr(other, name, None), "__doc__", None)
        return twin

    return told
