"""Fair time: of the groups that have work, the one whose ticks have taken least time goes next.

A group that joins starts level with the one that has used least, so nobody is owed time for having been away.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from featurelens.worker.renderer.work import Group


@dataclass
class Account:
    """Of one group: seconds used since others have had work too, and turns taken."""

    seconds: float
    turns: int = 0


class FairShare:
    """On a GPU what counts is the time until a tick is handed over, and the waiting for its numbers."""

    def __init__(self) -> None:
        self._accounts: dict[object, Account] = {}

    def next(self, groups: Sequence[Group]) -> Group | None:
        """Whose turn it is; None when nobody has work."""
        known = self._accounts
        least = min((known[group.identity].seconds for group in groups if group.identity in known), default=0.0)
        self._accounts = {group.identity: known.get(group.identity) or Account(least) for group in groups}
        return min(groups, key=lambda group: self._accounts[group.identity].seconds, default=None)

    @contextmanager
    def turn(self, group: Group) -> Iterator[int]:
        """A turn of the group that is next: yields how many it has had before."""
        account, begun = self._accounts[group.identity], time.perf_counter()
        try:
            yield account.turns
        finally:
            account.turns += 1
            account.seconds += time.perf_counter() - begun
