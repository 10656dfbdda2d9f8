"""What has no room in memory beside the others waits; what is small does not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any, cast
from unittest.mock import Mock

import pytest

from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.worker.protocol import Ask
from featurelens.worker.renderer.connection import Connection
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
        self.scheduler = Scheduler({"visualization": cast("Any", workshop)}, networks, Mock(), Mock(), MEMORY)
        self.sockets: list[socket.socket] = []

    def ask(self, memory: int) -> Connection:
        ours, theirs = socket.socketpair()
        self.sockets += [ours, theirs]
        connection = Connection(ours)
        connection.ask = Ask(key="fv1_" + "0" * 64, spec=SPEC, digest="d", memory=memory)
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
