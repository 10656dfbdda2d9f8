"""Which group of rows each picture of a lane stands in."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from featurelens.engine.memory import out_of_memory
from featurelens.engine.optimization import Optimization
from featurelens.engine.row_group import RowGroup


class Places:
    """A group for each kind of picture and each way in which gradients pass, so that equals lie side by side."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, RowGroup] = {}

    def find(self, one: Optimization) -> None:
        """Moves it to where it belongs now, if that is elsewhere and there is memory for it."""
        passage = one.passage
        if not one.stacks or one.group.passage == passage:
            return
        with _room_or_not():
            if (one.kind, passage) not in self._groups:
                group = self._groups[one.kind, passage] = one.group.like()
                group.passage = passage
            self._move(one, self._groups[one.kind, passage])

    def leave(self, one: Optimization) -> None:
        """It has a group of its own again."""
        if one.stacks:
            with _room_or_not():
                self._move(one, one.group.like())

    def _move(self, one: Optimization, group: RowGroup) -> None:
        group.take(one)
        self._groups = {place: each for place, each in self._groups.items() if each.members}


@contextmanager
def _room_or_not() -> Iterator[None]:
    """Where memory is short, who was to move stays: in a span of its own, which takes longer."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
