"""Whose turn it is: one by one before sweeps, but for one turn in four."""

from __future__ import annotations

import socket
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, cast
from unittest.mock import MagicMock, Mock

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from featurelens.engine.network import Network
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.worker.protocol import Ask, Finished
from featurelens.worker.renderer.connection import Connection
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.lane_stats import LaneStats
from featurelens.worker.renderer.networks import Networks
from featurelens.worker.renderer.scheduler import Scheduler, choose
from featurelens.worker.renderer.single_work import SingleWork, SingleWorks
from featurelens.worker.renderer.work import Work
from tests.support.small_networks import network

SPEC = VisualizationSpec(model="m", layer="l", channel=0)


@dataclass(frozen=True)
class Waiting:
    """Work of which only its rows and who asked for it matter."""

    name: str
    rows: int
    ask: Ask


def work(name: str, rows: int = 1) -> Waiting:
    """Of a sweep where the name is written small."""
    return Waiting(name, rows, Ask(key="fv1_" + "0" * 64, spec=SPEC, digest="d", sweep=name.islower()))


def chosen(names: str, room: int, *, sweeps_first: bool = False) -> str:
    found = choose(cast("list[Work]", [work(name) for name in names]), room, sweeps_first=sweeps_first)
    return "".join(cast("Any", one).name for one in found)


@pytest.mark.parametrize(
    ("names", "room", "sweeps_first", "expected"),
    [
        ("aBcD", 4, False, "BDac"),
        ("aBcD", 4, True, "acBD"),
        ("aBcDE", 3, False, "BDE"),
        ("aBcDE", 3, True, "acB"),
        ("abc", 2, False, "ab"),
        ("abcdefg", 9, False, "abcdefg"),
        ("abcdefG", 9, False, "Gabcd"),
        ("abcdefG", 9, True, "abcdG"),
        ("", 2, False, ""),
    ],
)
def test_order(names: str, room: int, sweeps_first: bool, expected: str) -> None:
    assert chosen(names, room, sweeps_first=sweeps_first) == expected


def test_what_is_larger_than_a_tick_has_its_turn_alone() -> None:
    large, small = cast("list[Work]", [work("A", 9), work("B")])
    assert choose([large, small], 4, sweeps_first=False) == [large]
    assert choose([small, large], 4, sweeps_first=False) == [small]


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 6)), max_size=12), st.integers(1, 8), st.booleans())
def test_never_too_many_never_none(jobs: list[tuple[bool, int]], room: int, sweeps_first: bool) -> None:
    works = cast("list[Work]", [work("a" if sweep else "A", rows) for sweep, rows in jobs])
    found = choose(works, room, sweeps_first=sweeps_first)
    assert bool(found) == bool(works)
    assert len(found) == 1 or sum(one.rows for one in found) <= room
    assert len({id(one) for one in found}) == len(found)


@pytest.mark.parametrize(("jobs", "expected"), [("aabb", "aaabbb"), ("aabB", "abab")])
def test_lanes_of_sweeps_take_turns_in_stretches(jobs: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three steps each, all ticks as long; a lane in which somebody asked alone has every turn that is due to it."""
    lanes = {name: MagicMock(identity=name, works=[], room=8) for name in "ab"}
    ticked: list[str] = []
    monkeypatch.setattr("featurelens.worker.renderer.fair_share.time.perf_counter", lambda: float(len(ticked)))

    def begin(ask: Ask, *_: object) -> Mock:
        made = Mock(ask=ask, rows=1, left=3, finish=lambda: (Mock(line=lambda: b""), b""))
        lanes[str(vars(ask.spec)["layer"])].works.append(made)
        return made

    def tick(lane: MagicMock, chosen: list[Mock]) -> list[Mock]:
        ticked.append(lane.identity)
        for one in chosen:
            one.left -= 1
        ended = [one for one in chosen if not one.left]
        lane.works = [one for one in lane.works if one.left]
        return ended

    for lane in lanes.values():
        lane.tick = lambda chosen, lane=lane: tick(lane, chosen)
    workshop = Mock(groups=lambda: [lane for lane in lanes.values() if lane.works], begin=begin)
    networks = Mock(**{"settle.return_value": []})
    scheduler = Scheduler({"visualization": cast("Any", workshop)}, networks, MagicMock(), Mock())
    for name in jobs:
        spec = SPEC.model_copy(update={"layer": name.lower()})
        ask = Ask(key="fv1_" + "0" * 64, spec=spec, digest="d", sweep=name.islower())
        scheduler.enqueue(cast("Any", MagicMock(ask=ask, wants_preview=False)))
    while len(ticked) < len(expected):
        scheduler.turn()
    assert "".join(ticked) == expected


class Endless(SingleWork):
    """Counts its steps."""

    done = 0

    @property
    def step(self) -> int:
        return self.done

    def tick(self, chosen: Sequence[Work]) -> Collection[Work]:
        self.done += 1
        return []

    def finish(self) -> tuple[Finished, bytes]:
        raise AssertionError("it never ends")


class Endlesses(SingleWorks[Endless]):
    def begin(self, ask: Ask, network: Network, begun: float) -> Endless:
        return self.add(Endless(ask, network, begun))


class Loaded(Networks):
    """One that is there already."""

    def __init__(self) -> None:
        super().__init__(lambda _: network(nn.Conv2d(3, 1, 1)), lambda: None, 0)

    def get(self, name: str, digest: str) -> Network:
        return self._load(name)


def test_help_has_the_turns_that_nobody_wants() -> None:
    """Beside a job it does not advance, and it is none that anybody wants."""
    device = Device.of(torch.device("cpu"))
    scheduler = Scheduler({"visualization": Endlesses()}, Loaded(), LaneStats(device), lambda: None)
    ask = Ask(key="fv1_" + "0" * 64, spec=SPEC, digest="d")
    sockets = [socket.socketpair() for _ in range(2)]
    helper, job = (Connection(one) for one, _ in sockets)
    helper.ask, job.ask = ask.model_copy(update={"help": True}), ask

    def steps(turns: int) -> list[int]:
        for _ in range(turns):
            scheduler.turn()
        return [one.work.step if one.work else 0 for one in (helper, job)]

    scheduler.enqueue(helper)
    assert (scheduler.wanted, steps(3)) == (False, [3, 0])
    scheduler.enqueue(job)
    assert (scheduler.wanted, steps(5)) == (True, [3, 5])
    scheduler.drop(job)
    assert (scheduler.wanted, steps(2)) == (False, [5, 5])
    for pair in sockets:
        for one in pair:
            one.close()
