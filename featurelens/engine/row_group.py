"""Pictures of one kind, whose numbers are rows of tensors that they share.

Joining writes a row, leaving frees it: the last one moves into the gap, so that those in use lie side by side and are
worked on together without copying anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from featurelens.engine.extraction.passage import Passage
from featurelens.engine.optimizers import Moments


class Member(Protocol):
    """Whose numbers stand in row `row` of `group`."""

    group: RowGroup
    row: int


@dataclass(frozen=True)
class Numbers:
    """A row for each picture: `parameters` and `moments` as the optimizer knows them, `units` (rows,) the channels that
    are climbed, `looks` (rows, ahead, 2, 3), on the CPU, how it is to be looked at, see `Transform.affine`.

    A picture that is made of several has as many rows of its parameters.
    """

    parameters: list[Tensor]
    moments: Moments
    units: Tensor
    looks: Tensor

    def all(self) -> list[Tensor]:
        """Every tensor, in a fixed order."""
        return [*self.parameters, *self.moments.all(), self.units, self.looks]

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Numbers:
        """Of every tensor what `change` makes of it."""
        parameters = [change(tensor) for tensor in self.parameters]
        return Numbers(parameters, self.moments.mapped(change), change(self.units), change(self.looks))


class RowGroup:
    """Room for `room` pictures; `passage` is how the gradients of all of them pass, of a lonely one unknown."""

    def __init__(self, numbers: Numbers, room: int = 1) -> None:
        self._numbers, self._room = numbers, room
        self.passage: Passage | None = None
        self.members: list[Member] = []

    def like(self) -> RowGroup:
        """Room for one more of the kind."""
        return RowGroup(self.part(0, 1).mapped(lambda tensor: tensor.new_empty(tensor.shape)))

    def take(self, member: Member) -> None:
        """Moves the numbers of `member` from the group where it is to a row here."""
        if member.group is self:
            return
        if len(self.members) == self._room:
            self._make_room(2 * self._room)
        source, place = member.group, member.row
        self._write(len(self.members), source.part(place, 1))
        member.group, member.row = self, len(self.members)
        self.members.append(member)
        source._vacate(place)

    def free(self, member: Member) -> None:
        """Its row is free for another."""
        self._vacate(member.row)

    def _vacate(self, row: int) -> None:
        last = self.members.pop()
        if row < len(self.members):
            self._write(row, self.part(last.row, 1))
            last.row = row
            self.members[row] = last
        if 0 < 4 * len(self.members) <= self._room:
            self._make_room(self._room // 2)

    def overwrite(self, member: Member, numbers: Numbers) -> None:
        """`member` begins again with these."""
        self._write(member.row, numbers)

    def part(self, first: int, count: int) -> Numbers:
        """Of `count` pictures side by side: views, so that what is written there is written here."""

        def rows(tensor: Tensor) -> Tensor:
            each = len(tensor) // self._room
            return tensor[first * each : (first + count) * each]

        return self._numbers.mapped(rows)

    def _write(self, row: int, numbers: Numbers) -> None:
        for mine, theirs in zip(self.part(row, 1).all(), numbers.all(), strict=True):
            mine.copy_(theirs)

    def _make_room(self, room: int) -> None:
        used = self.part(0, len(self.members)).all()
        old = self._room

        def resized(tensor: Tensor) -> Tensor:
            return tensor.new_empty(len(tensor) // old * room, *tensor.shape[1:])

        self._numbers, self._room = self._numbers.mapped(resized), room
        for new, kept in zip(self.part(0, len(self.members)).all(), used, strict=True):
            new.copy_(kept)
