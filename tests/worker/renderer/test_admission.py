"""What has no room in memory beside the others waits; what is small does not."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any, cast
from unittest.mock import Mock

import pytest

from featurelens.engine import VERSION
from featurelens.engine.device_check import DeviceLost
from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.worker.protocol import Ask
from featurelens.worker.renderer.connection import Connection
from featurelens.worker.renderer.growth import Outgrown
from featurelens.worker.renderer.scheduler import Scheduler

SPEC = VisualizationSpec(model="m", layer="l", channel=0)
MEMORY = 6400


class Desk:
    """A scheduler whose jobs never end by themselves."""

    def __init__(self) -> None:
        workshop, networks = Mock(), Mock()
        workshop.begin.side_effect = lambda ask, *_: Mock(ask=ask, stage="rendering", step=0, score=None)
        workshop.groups.return_value = []
        networks.settle.return_value = []
        self.workshop, self.grown = workshop, 0
        workshops = {"visualization": cast("Any", workshop)}
        self.check = Mock()
        self.scheduler = Scheduler(workshops, networks, Mock(), self.check, MEMORY, lambda: self.grown)
        self.sockets: list[socket.socket] = []

    def ask(self, memory: int, engine: str = "") -> Connection:
        ours, theirs = socket.socketpair()
        self.sockets += [ours, theirs]
        connection = Connection(ours)
        connection.ask = Ask(key="fv1_" + "0" * 64, spec=SPEC, digest="d", memory=memory, engine=engine)
        self.scheduler.enqueue(connection)
        return connection

    def working(self, *connections: Connection) -> list[bool]:
        self.scheduler.turn()
        return [connection.work is not None for connection in connections]


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    for one in desk.sockets:
        one.close()


def test_what_fits_together_is_done_together(desk: Desk) -> None:
    assert desk.working(desk.ask(3200), desk.ask(3200)) == [True, True]


def test_what_does_not_fit_waits_its_turn(desk: Desk) -> None:
    first, second, third = desk.ask(4000), desk.ask(4000), desk.ask(1000)
    assert desk.working(first, second, third) == [True, False, False], "nobody who takes much overtakes"
    small = desk.ask(MEMORY // 64)
    assert desk.working(small, second) == [True, False], "who takes little does"
    desk.scheduler.drop(first)
    assert desk.working(second, third) == [True, True]


def test_whoever_is_alone_is_let_in(desk: Desk) -> None:
    huge = desk.ask(10 * MEMORY)
    assert desk.working(huge, desk.ask(MEMORY)) == [True, False]


def test_what_another_engine_was_to_make_is_not_made(desk: Desk) -> None:
    """As after an upgrade: under its key would lie what that one never makes."""
    mine, other = desk.ask(100, VERSION), desk.ask(100, f"{VERSION}0")
    assert desk.working(mine, other) == [True, False]
    other.flush()
    assert b"ask again" in desk.sockets[-1].recv(4096)


def fails(desk: Desk, *, grown: int, taken: int) -> None:
    """A picture of 400 bytes that has no room."""
    if taken:
        desk.working(desk.ask(taken))
    desk.grown = grown
    error = RenderFailed("no room, even row by row")
    error.__cause__ = MemoryError()
    desk.workshop.begin.side_effect = error
    connection = desk.ask(400)
    try:
        desk.scheduler.turn()
    finally:
        connection.flush()


def told(desk: Desk) -> tuple[str, str]:
    """Code and detail of what its slot hears."""
    failure = json.loads(desk.sockets[-1].recv(1000))
    return failure["code"], failure["detail"]


@pytest.mark.parametrize(("grown", "taken"), [(50, 0), (250, 200)])
def test_without_room_in_a_renderer_that_has_not_grown(desk: Desk, grown: int, taken: int) -> None:
    """By an eighth of the memory of the picture at most, beside what others are taking."""
    fails(desk, grown=grown, taken=taken)
    assert told(desk)[0] == "render-failed"


@pytest.mark.parametrize(("grown", "taken"), [(51, 0), (251, 200)])
def test_without_room_in_a_renderer_that_has_grown(desk: Desk, grown: int, taken: int) -> None:
    """It ends, and the picture is told why: a fresh one has more room."""
    with pytest.raises(Outgrown):
        fails(desk, grown=grown, taken=taken)
    assert told(desk) == ("renderer-full", "no room, even row by row")


def test_computing_no_more_in_a_renderer_that_has_not_grown(desk: Desk) -> None:
    """The picture may be why: nobody is told anything, the process is gone."""
    desk.check.side_effect = DeviceLost("no primitive")
    with pytest.raises(DeviceLost):
        fails(desk, grown=50, taken=0)


def test_computing_no_more_in_a_renderer_that_has_grown(desk: Desk) -> None:
    desk.check.side_effect = DeviceLost("no primitive")
    with pytest.raises(Outgrown, match="no primitive"):
        fails(desk, grown=51, taken=0)
    assert told(desk)[0] == "renderer-full"
