"""Lanes of sweeps one after the other, and none for long at the cost of others."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featurelens.worker.renderer.stretches import ROUND, Stretches


class Picture:
    """Work of which only its identity matters."""


def pictures(count: int) -> list[Picture]:
    return [Picture() for _ in range(count)]


@pytest.mark.parametrize("due", ["a", "b"])
def test_what_is_due_to_one_is_made_of_the_first(due: str) -> None:
    stretches = Stretches()
    swept = {"a": pictures(3), "b": pictures(5)}
    assert [stretches.instead(due, swept) for _ in range(3)] == ["a"] * 3


def test_whoever_was_asked_alone_keeps_its_turn() -> None:
    stretches = Stretches()
    swept = {"a": pictures(3), "b": pictures(5)}
    stretches.instead("b", swept)
    assert stretches.instead("single", swept) == "single"
    assert stretches.instead("b", swept) == "a"


def test_a_lane_ends_before_the_next_begins() -> None:
    """They leave one by one, as they came, and their places are taken by pictures of another lane."""
    stretches = Stretches()
    first, second = pictures(3), pictures(1)
    while first:
        assert stretches.instead("b", {"a": first, "b": second}) == "a"
        first, second = first[1:], second + pictures(1)
    assert stretches.instead("b", {"b": second}) == "b"


def test_who_comes_as_others_end_has_the_next_turn() -> None:
    stretches = Stretches()
    first, second = pictures(3), pictures(2)
    assert stretches.instead("a", {"a": first[:1], "b": second}) == "a"
    assert stretches.instead("a", {"a": first, "b": second}) == "a", "a lane fills when it begins"
    late = pictures(1)
    assert stretches.instead("a", {"a": first[1:] + late, "b": second}) == "a"
    assert stretches.instead("a", {"a": first[2:] + late, "b": second}) == "a"
    assert stretches.instead("a", {"a": late, "b": second}) == "b"
    assert stretches.instead("a", {"a": late}) == "a"


def test_nobody_waits_longer_than_a_round() -> None:
    """Of time in which others waited: who joins has the turn after its part of a round."""
    stretches = Stretches()
    lanes = {name: pictures(1) for name in "abcde"}
    stretches.instead("a", {"a": lanes["a"]})
    stretches.spend("a", 1000.0)
    assert stretches.instead("a", lanes) == "a"
    used: Counter[object] = Counter()
    last = dict.fromkeys(lanes, 0.0)
    now = 0.0
    while now < 20 * ROUND:
        lane = stretches.instead("c", lanes)
        assert now - last[str(lane)] <= ROUND + 4 * 0.5
        stretches.spend(lane, 0.5)
        used[lane] += 1
        now += 0.5
        last[str(lane)] = now
    assert max(used.values()) - min(used.values()) <= ROUND / 4 / 0.5 + 1


@given(st.text("abcABC-", max_size=60))
def test_there_is_always_one_that_has_work(events: str) -> None:
    """A small letter is a picture that joins the lane, a capital one that leaves it."""
    stretches = Stretches()
    lanes: dict[str, list[Picture]] = {name: [] for name in "abc"}
    for event in events:
        if event in lanes:
            lanes[event].append(Picture())
        elif event != "-" and lanes[event.lower()]:
            lanes[event.lower()].pop(0)
        swept = {name: works for name, works in lanes.items() if works}
        for due in swept:
            chosen = stretches.instead(due, swept)
            assert chosen in swept
            stretches.spend(chosen, 1.0)
