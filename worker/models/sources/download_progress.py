"""How much of a download has come, told to whoever waits for it, in whichever thread it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple


class Downloaded(NamedTuple):
    """Bytes that have come, and bytes in all (None: the server does not say)."""

    bytes: int
    of: int | None


Listener = Callable[[Downloaded], object]

_LISTENER: ContextVar[Listener | None] = ContextVar("download", default=None)


@contextmanager
def told_to(listener: Listener) -> Iterator[None]:
    """What is downloaded within the block is told to `listener`, in the thread that downloads."""
    was = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(was)


def tell(come: int, of: int | None) -> None:
    """So many bytes have come."""
    listener = _LISTENER.get()
    if listener is not None:
        listener(Downloaded(come, of))
