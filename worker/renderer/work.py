"""What the renderer's loop knows of a job in the making, whatever its kind."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from featurelens.engine.network import Network
from featurelens.worker.protocol import Ask, Finished, Preview, Stage

Identity = tuple[str, str]
"""Name and digest of a network."""


class Work(Protocol):
    """One job in the making."""

    @property
    def ask(self) -> Ask: ...

    @property
    def stage(self) -> Stage:
        """What it is doing, in a word."""

    @property
    def step(self) -> int:
        """Steps done."""

    @property
    def score(self) -> float | None:
        """What is optimized, at the latest step; None before the first, and where nothing is. Waits for the device."""

    @property
    def rows(self) -> int:
        """Pictures that it sends through the network in one tick."""

    def preview(self) -> tuple[Preview, bytes] | None:
        """The picture as it stands, small; None where there is none (yet)."""

    def finish(self) -> tuple[Finished, bytes]:
        """The result and its pixels. Raises the reason where there is none."""

    def leave(self) -> None:
        """Nobody wants it any more."""


class Group(Protocol):
    """Work that goes through a network together."""

    @property
    def network(self) -> Network: ...

    @property
    def works(self) -> Sequence[Work]:
        """In the order in which it is their turn."""

    @property
    def room(self) -> int:
        """Rows that one tick takes."""

    def tick(self, chosen: Sequence[Work]) -> Collection[Work]:
        """One step for each of `chosen`; returns those that have ended, which have left.

        What it raises concerns all works of the group.
        """


class Workshop(Protocol):
    """All work of one kind on one device."""

    def begin(self, ask: Ask, network: Network, begun: float) -> Work:
        """Takes a job on that was asked for at `begun` (`time.monotonic`).

        Raises what its slot is to be told when it cannot be done.
        """

    def groups(self) -> Iterable[Group]:
        """Those with work, as they are now."""

    def release(self, networks: Iterable[Identity]) -> None:
        """Lets go of what is kept for `networks`, none of which has work."""
