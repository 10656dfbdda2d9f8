"""Fair time: whoever has used least goes next."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import cast

import pytest

from featurelens.worker.renderer.fair_share import FairShare
from featurelens.worker.renderer.work import Group


@dataclass(frozen=True)
class Ticking:
    """A group of which only the seconds of its ticks matter."""

    identity: str
    seconds: float


class Clock:
    """Of a renderer whose groups take as long as they say."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.shares = FairShare()
        monkeypatch.setattr("featurelens.worker.renderer.fair_share.time.perf_counter", lambda: self.now)

    def run(self, seconds: float, *groups: Ticking) -> Counter[str]:
        """Seconds that each got."""
        end, used = self.now + seconds, Counter[str]()
        while self.now < end:
            group = cast("Ticking", self.shares.next(cast("list[Group]", list(groups))))
            with self.shares.turn(cast("Group", group)):
                self.now += group.seconds
            used[group.identity] += round(group.seconds * 1000)
        return used


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


HUGE, SMALL, OTHER = Ticking("huge", 1.0), Ticking("small", 0.05), Ticking("other", 0.02)


def test_a_huge_group_gets_no_more_than_its_share(clock: Clock) -> None:
    used = clock.run(60, HUGE, SMALL, OTHER)
    assert used["huge"] == pytest.approx(20_000, abs=1_100)
    assert used["small"] == pytest.approx(20_000, abs=1_100)
    assert used["other"] == pytest.approx(20_000, abs=1_100)


def test_who_joins_waits_for_one_turn_and_is_owed_nothing(clock: Clock) -> None:
    clock.run(600, HUGE)
    used = clock.run(2, HUGE, SMALL)
    assert used["small"] >= 900
    clock.run(600, HUGE)
    used = clock.run(20, HUGE, SMALL)
    assert used["small"] == pytest.approx(10_000, abs=1_100)


@pytest.mark.parametrize("needed", [0.3, 1.0, 1.7, 3.2])
def test_who_needs_little_takes_twice_as_long_at_most(clock: Clock, needed: float) -> None:
    """Even if it comes as a tick of the huge one begins, which it has to wait for."""
    clock.run(10, HUGE)
    begun = clock.now
    clock.run(HUGE.seconds, HUGE)
    used = 0.0
    while used < needed - 1e-9:
        used += clock.run(SMALL.seconds / 2, HUGE, SMALL)["small"] / 1000
    assert clock.now - begun <= max(2 * needed, needed + HUGE.seconds) + SMALL.seconds


def test_a_stream_of_newcomers_starves_nobody(clock: Clock) -> None:
    """Each has a group of its own, which is gone before the huge one would have had its turn."""
    clock.run(10, HUGE)
    used = Counter[str]()
    for number in range(40):
        used += clock.run(0.5, HUGE, Ticking(f"newcomer {number}", 0.05))
    assert used["huge"] > 0.4 * used.total()


def test_turns_are_counted_by_group(clock: Clock) -> None:
    group = cast("Group", SMALL)
    had = []
    for _ in range(3):
        assert clock.shares.next([group]) is group
        with clock.shares.turn(group) as turns:
            had.append(turns)
    assert had == [0, 1, 2]
    assert clock.shares.next([]) is None
