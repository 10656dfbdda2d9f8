"""Routing: the same lane to the same renderer, few lanes move, none is overloaded, every picture is dealt once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featurelens.jobs.queue.routing import SLACK, Candidate, dealt, ranking, tail_block

LANES = [f"lane-{number}" for number in range(2000)]
NAMES = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=12, unique=True)


@st.composite
def fleets(draw: st.DrawFn) -> list[Candidate]:
    """Some renderers with whatever waits for them."""
    names = draw(NAMES)
    return [Candidate(name, draw(st.integers(0, 2000)), draw(st.integers(1, 64))) for name in names]


def idle(number: int, capacity: int = 16) -> list[Candidate]:
    return [Candidate(f"renderer-{one}", 0, capacity) for one in range(number)]


def test_a_ranking_never_changes() -> None:
    """What services of two versions must agree on."""
    assert ranking("googlenet/inception4a/224x224", ["a", "b", "c", "d"]) == ["c", "a", "d", "b"]


def test_a_ranking_is_the_same_in_another_process() -> None:
    program = "from featurelens.jobs.queue.routing import ranking; print(*ranking('lane', 'abcdefgh'))"
    environment = {"PYTHONHASHSEED": "7"}
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert told.stdout.split() == ranking("lane", "abcdefgh")


@given(st.text(), NAMES)
def test_a_ranking_holds_all_in_any_order(lane: str, names: list[str]) -> None:
    preferred = ranking(lane, names)
    assert sorted(preferred) == sorted(names)
    assert ranking(lane, reversed(names)) == preferred


@given(st.text(), NAMES)
def test_who_leaves_changes_nothing_among_the_others(lane: str, names: list[str]) -> None:
    preferred = ranking(lane, names)
    for gone in names:
        assert ranking(lane, set(names) - {gone}) == [name for name in preferred if name != gone]


def test_lanes_are_spread_evenly() -> None:
    homes = Counter(ranking(lane, [one.id for one in idle(8)])[0] for lane in LANES)
    assert all(0.8 < homes[one.id] / (len(LANES) / 8) < 1.2 for one in idle(8))


@pytest.mark.parametrize("number", [1, 4, 31])
def test_who_joins_takes_its_share_and_no_other_lane_moves(number: int) -> None:
    before, after = [one.id for one in idle(number)], [one.id for one in idle(number + 1)]
    homes = [(ranking(lane, before)[0], ranking(lane, after)[0]) for lane in LANES]
    moved = [now for was, now in homes if now != was]
    assert set(moved) == {f"renderer-{number}"}
    assert len(moved) / len(LANES) == pytest.approx(1 / (number + 1), rel=0.25)


def test_one_picture_goes_home() -> None:
    fleet = idle(5)
    assert dealt("lane", fleet, 1) == [(ranking("lane", [one.id for one in fleet])[0], 1)]


def test_a_full_home_is_passed_by() -> None:
    first, second = ranking("lane", ["a", "b"])
    bound = [Candidate(first, 16, 16), Candidate(second, 0, 16)]
    assert dealt("lane", bound, 1) == [(first, 1)]
    above = [Candidate(first, 44, 16), Candidate(second, 0, 16)]
    assert dealt("lane", above, 1) == [(second, 1)]


def test_what_a_home_cannot_take_comes_together() -> None:
    first, second, third = ranking("lane", ["a", "b", "c"])
    free = [Candidate(first, 0, 4), Candidate(second, 0, 4), Candidate(third, 3, 4)]
    assert dealt("lane", free, 1, last=third) == [(third, 1)]
    full = [Candidate(first, 0, 4), Candidate(second, 0, 4), Candidate(third, 9, 4)]
    assert dealt("lane", full, 1, last=third) == [(first, 1)]
    assert dealt("lane", full, 1, last="gone") == [(first, 1)]


def test_a_sweep_goes_in_blocks() -> None:
    first, second = ranking("lane", ["a", "b"])
    fleet = [Candidate("a", 0, 16), Candidate("b", 0, 16)]
    assert dealt("lane", fleet, 56) == [(first, 16), (first, 16), (first, 16), (second, 8)]


def test_a_larger_renderer_gets_more() -> None:
    fleet = [*idle(6), Candidate("large", 0, 64)]
    shares: Counter[str] = Counter()
    for renderer, pictures in dealt("lane", fleet, 16000):
        shares[renderer] += pictures
    assert 0.7 <= shares["large"] / 6400 <= SLACK + 0.1


def test_without_a_renderer_nothing_is_dealt() -> None:
    with pytest.raises(ValueError, match="no renderer"):
        dealt("lane", [], 1)


@given(st.text(), fleets(), st.integers(0, 600))
def test_every_picture_is_dealt_once_within_the_bound(lane: str, fleet: list[Candidate], pictures: int) -> None:
    blocks = dealt(lane, fleet, pictures)
    assert sum(block for _, block in blocks) == pictures
    loads = {one.id: one.backlog for one in fleet}
    capacities = {one.id: one.capacity for one in fleet}
    for renderer, block in blocks:
        mean = sum(loads.values()) / sum(capacities.values())
        assert loads[renderer] <= (SLACK * mean + 1) * capacities[renderer] + 1e-6
        assert 0 < block <= capacities[renderer]
        loads[renderer] += block


@given(st.text(), fleets(), st.integers(0, 200))
def test_the_order_of_candidates_does_not_count(lane: str, fleet: list[Candidate], pictures: int) -> None:
    assert dealt(lane, fleet, pictures) == dealt(lane, fleet[::-1], pictures)


@given(st.lists(st.sampled_from(["a", "b", None]), max_size=40), st.integers(1, 20))
def test_a_tail_is_of_one_lane_and_leaves_as_much(lanes: list[str | None], capacity: int) -> None:
    taken = tail_block(lanes, capacity)
    assert taken <= capacity
    assert taken <= (len(lanes) + 1) // 2
    assert len(set(lanes[len(lanes) - taken :])) <= 1
    assert bool(taken) == bool(lanes)


def test_tails() -> None:
    assert tail_block([], 16) == 0
    assert tail_block(["a"], 16) == 1
    assert tail_block(["a", "b", "b"], 16) == 2
    assert tail_block(["b"] * 100, 16) == 16
    assert tail_block(["b"] * 10, 16) == 5
    assert tail_block(["b", "b", "b", "a"], 16) == 1
