"""What has been read or made once, kept in memory for as long as what it came from stays as it is."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """Values by name, each under the state of what it came from; beyond `room`, what nobody asked for longest goes.

    Threads may share it; what they get they share as well, so nobody may change it.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._taken = 0
        self._kept: OrderedDict[Hashable, tuple[Hashable, T, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, name: Hashable, state: Hashable) -> T | None:
        """The value, if what it came from was in this state."""
        with self._lock:
            kept = self._kept.get(name)
            if kept is None or kept[0] != state:
                return None
            self._kept.move_to_end(name)
            return kept[1]

    def keep(self, name: Hashable, state: Hashable, value: T, size: int) -> None:
        """`size` in the unit of the room. More than a quarter of the room is not kept, lest it drive out all."""
        with self._lock:
            self._drop(name)
            if 4 * size > self._room:
                return
            self._kept[name] = state, value, size
            self._taken += size
            while self._taken > self._room:
                self._drop(next(iter(self._kept)))

    def forget(self, name: Hashable) -> None:
        with self._lock:
            self._drop(name)

    def _drop(self, name: Hashable) -> None:
        kept = self._kept.pop(name, None)
        self._taken -= 0 if kept is None else kept[2]
