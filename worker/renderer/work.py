"""The interfaces between the scheduler and the kinds of jobs: workshop, group, work."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from featurelens.engine.network import Network
from featurelens.jobs.queue.speeds import LaneKind
from featurelens.worker.protocol import Ask, Finished, Preview, Stage

Identity = tuple[str, str]
"""Name and digest of a network."""


class Work(Protocol):
    """One job in progress."""

    @property
    def ask(self) -> Ask: ...

    @property
    def stage(self) -> Stage:
        """The stage that progress reports."""

    @property
    def step(self) -> int:
        """Steps done."""

    @property
    def score(self) -> float | None:
        """The objective's value at the latest step; None before the first, or without one. Waits for the device."""

    @property
    def rows(self) -> int:
        """Rows that it takes in one tick."""

    def preview(self) -> tuple[Preview, bytes] | None:
        """A preview of the current step; None where there is none (yet)."""

    def finish(self) -> tuple[Finished, bytes]:
        """The result, then its pixels and the contents of its files. Raises the reason for which there is none."""

    def leave(self) -> None:
        """Stops it and frees its rows."""


class Group(Protocol):
    """Works that pass through a network together."""

    @property
    def identity(self) -> object:
        """The same, and hashable, as long as the group has work."""

    @property
    def network(self) -> Network: ...

    @property
    def works(self) -> Sequence[Work]:
        """In the order in which they advance."""

    @property
    def room(self) -> int:
        """Rows that one tick takes, at most."""

    @property
    def lane(self) -> LaneKind | None:
        """What its speed is told under; None where it is nobody's measure for another job."""

    def tick(self, chosen: Sequence[Work]) -> Collection[Work]:
        """Does one step of each of `chosen`, or a part of one; returns those that have ended and left the group.

        An error it raises fails all works of the group.
        """


class Workshop(Protocol):
    """All works of one kind on one device."""

    def begin(self, ask: Ask, network: Network, begun: float) -> Work:
        """Begins a job that arrived at `begun` (`time.monotonic`).

        Raises the reason for which it cannot be done, which is sent to its slot.
        """

    def groups(self) -> Iterable[Group]:
        """The groups that have work."""

    def release(self, networks: Iterable[Identity]) -> None:
        """Releases what is kept for `networks`, none of which has work."""
