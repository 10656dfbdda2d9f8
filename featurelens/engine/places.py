"""Which group of rows each picture of a lane stands in."""

from __future__ import annotations

from collections.abc import Hashable

from featurelens.engine.optimization import Optimization
from featurelens.engine.row_group import RowGroup


class Places:
    """A group for each kind of picture and each way in which gradients pass, so that equals lie side by side."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, RowGroup] = {}

    def find(self, one: Optimization) -> None:
        """Moves it to where it belongs now, if that is elsewhere."""
        if not one.stacks:
            return
        passage = one.passage
        if one.group.passage == passage:
            return
        group = self._groups.get((one.kind, passage))
        if group is None:
            group = self._groups[one.kind, passage] = one.group.like()
            group.passage = passage
        self._move(one, group)

    def leave(self, one: Optimization) -> None:
        """It has a group of its own again."""
        if one.stacks:
            self._move(one, one.group.like())

    def _move(self, one: Optimization, group: RowGroup) -> None:
        group.take(one)
        self._groups = {place: each for place, each in self._groups.items() if each.members}
