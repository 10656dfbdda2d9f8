"""Fair time: of the groups that have work, the one that would have used least after its next tick goes next.

A tick cannot be cut, so it is counted before it is begun, as long as the one before took: else a group of long ticks
would have one more wherever it is level. Who joins starts where the latest tick did, which may have been under way
(the virtual time of start-time fair queueing, Goyal et al. 1996): what it has waited for that one is made good, and
nobody is owed time for having been away. So who needs little beside long ticks takes twice as long as alone, no longer.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from featurelens.worker.renderer.work import Group


@dataclass
class Account:
    """Of one group: seconds used since others have had work too, those of its latest turn, and turns taken."""

    seconds: float
    latest: float = 0.0
    turns: int = 0


class FairShare:
    """On a GPU what counts is the time until a tick is handed over, and the waiting for its numbers."""

    def __init__(self) -> None:
        self._accounts: dict[object, Account] = {}
        self._virtual = 0.0
        """How many seconds the group had used that has used most when its turn began."""

    def next(self, groups: Sequence[Group]) -> Group | None:
        """Whose turn it is; None when nobody has work."""
        known = self._accounts
        self._accounts = {group.identity: known.get(group.identity) or Account(self._virtual) for group in groups}
        return min(groups, key=self._after, default=None)

    def _after(self, group: Group) -> float:
        account = self._accounts[group.identity]
        return account.seconds + account.latest

    @contextmanager
    def turn(self, group: Group) -> Iterator[int]:
        """A turn of the group that is next: yields how many it has had before."""
        account, begun = self._accounts[group.identity], time.perf_counter()
        self._virtual = max(self._virtual, account.seconds)
        try:
            yield account.turns
        finally:
            account.turns += 1
            account.latest = time.perf_counter() - begun
            account.seconds += account.latest
