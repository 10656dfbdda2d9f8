"""How the images of one scan are shared out among those who read them. Knows no broker, no clock and no network.

Who reads the whole goes from the front to the back; helpers claim pieces at the back. A piece is a share of what is
left (guided self-scheduling, Polychronopoulos and Kuck 1987): large at first, small in the end, so that there are few
and all are done at about the same time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple, Self

from pydantic import BaseModel

FREE, LEFT = "", "-"
"""Who holds a piece that nobody reads: nothing is known of it, or there may be a checkpoint of it."""

LEAST = 4
"""Batches in a piece: to put it together with the rest takes about as long as to read one or two."""

MOST = 128
"""Pieces of a scan, roughly, however many help: each has a checkpoint as large as that of the whole."""

LOST_MOST = 3
"""Pieces lost one after the other until nobody may help any more: the scan may be what ends its helpers."""


class Piece(NamedTuple):
    """Images `first` to `stop`, of which those before `done` are in its checkpoint."""

    first: int
    stop: int
    done: int
    holder: str = FREE

    @property
    def whole(self) -> bool:
        return self.done >= self.stop

    @property
    def held(self) -> bool:
        return self.holder not in {FREE, LEFT}


class Plan(BaseModel):
    """The pieces in their order; none before image `front` is claimed any more.

    They begin where batches of `rows` do, and all have to be read under the same `conditions`. `owner` reads the whole.
    """

    owner: str
    conditions: str
    rows: int
    images: int
    front: int = 0
    lost: int = 0
    """Pieces that were lost since the latest was finished."""
    pieces: list[Piece] = []

    @classmethod
    def of(cls, owner: str, conditions: str, rows: int, images: int, parts: Iterable[range] = ()) -> Self:
        """There are checkpoints of `parts`; of those that overlap the first counts."""
        plan, stop = cls(owner=owner, conditions=conditions, rows=rows, images=images), 0
        for part in sorted(parts, key=lambda one: (one.start, one.stop)):
            ends = part.stop == images or (part.stop < images and part.stop % rows == 0)
            if part.start >= stop and part.start % rows == 0 and ends:
                plan.pieces.append(Piece(part.start, part.stop, part.start, LEFT))
                stop = part.stop
        return plan

    def advance(self, done: int, ahead: int) -> None:
        """The whole has read up to `done` and is about to read `ahead` more: pieces that it has come into are free."""
        self.front = done + ahead
        pieces, self.pieces = self.pieces, []
        for piece in pieces:
            if piece.stop > done:
                self._free(done, piece.first)
                if piece.first < done or piece.holder == FREE:
                    self._free(done, piece.stop)
                else:
                    self.pieces.append(piece)
        self._free(done, self.images)

    def nearest(self, done: int) -> Piece | None:
        """The next piece from `done` on that is not free."""
        return next((one for one in self.pieces if one.first >= done and one.holder != FREE), None)

    def claimable(self, living: Collection[str]) -> bool:
        """Whether there is a piece for a helper; `living` are holders that still read."""
        return self._open(living) is not None

    def claim(self, holder: str, living: Collection[str]) -> Piece | None:
        """Gives `holder` a piece: one that another has left or lost, as it is, or a share of what is free."""
        number = self._open(living)
        if number is None:
            return None
        piece = self.pieces[number]
        if piece.holder == FREE:
            first = max(self._begin(piece), self._down(piece.stop - self._share(living)))
            claimed = Piece(first, piece.stop, first, holder)
            kept = [Piece(piece.first, first, piece.first)] if first > piece.first else []
            self.pieces[number : number + 1] = [*kept, claimed]
        else:
            self.lost += piece.held
            claimed = self.pieces[number] = piece._replace(holder=holder)
        return claimed

    def end(self, holder: str, kept: int) -> None:
        """`holder` reads no more of its piece: images before `kept` are in the checkpoint."""
        for number, one in enumerate(self.pieces):
            if one.holder == holder:
                self.pieces[number] = one._replace(done=kept, holder=LEFT if kept > one.first else FREE)
                self.lost = 0 if kept == one.stop else self.lost

    def free(self, first: int) -> None:
        """There is no checkpoint of the piece that begins there: whoever holds it loses it."""
        self.pieces = [Piece(one.first, one.stop, one.first) if one.first == first else one for one in self.pieces]

    def holds(self, holder: str) -> bool:
        """Whether a piece is this one's."""
        return any(one.holder == holder for one in self.pieces)

    def _free(self, begin: int, stop: int) -> None:
        """What is between the last piece, or `begin`, and `stop` is free, and one piece with what is free before it."""
        first = max(begin, self.pieces[-1].stop) if self.pieces else begin
        if first < stop:
            if self.pieces and self.pieces[-1].holder == FREE:
                first = self.pieces.pop().first
            self.pieces.append(Piece(first, stop, first))

    def _open(self, living: Collection[str]) -> int | None:
        """The last piece that can be claimed."""
        return next((n for n in reversed(range(len(self.pieces))) if self._is_open(self.pieces[n], living)), None)

    def _is_open(self, piece: Piece, living: Collection[str]) -> bool:
        if piece.whole or piece.holder in living or self.lost >= LOST_MOST:
            return False
        if piece.holder == FREE:
            return piece.stop - self._begin(piece) >= self._least
        return piece.first >= self.front

    def _share(self, living: Collection[str]) -> int:
        free = sum(max(0, one.stop - self._begin(one)) for one in self.pieces if one.holder == FREE)
        readers = 2 + sum(one.holder in living for one in self.pieces)
        return max(self._least, free // (2 * readers))

    @property
    def _least(self) -> int:
        return max(LEAST * self.rows, self.images // MOST)

    def _begin(self, piece: Piece) -> int:
        """The first image of a free piece that may be claimed."""
        return max(piece.first, self._down(self.front + self.rows - 1))

    def _down(self, image: int) -> int:
        """Where its batch begins."""
        return image - image % self.rows
