"""Rows are written by who joins and freed by who leaves; a tick takes as many operations whoever is there."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from featurelens.engine.lane import Lane
from featurelens.engine.objectives import Channel, Neuron, Objective
from featurelens.engine.optimization import Optimization, Recipe
from featurelens.engine.optimizers import Adam, Moments
from featurelens.engine.row_group import Numbers, RowGroup
from featurelens.engine.told import Told
from tests.support.lanes import alone, finish
from tests.support.small_networks import network, stack

SIZE = (64, 96)
"""Of a number of pixels that leaves no vector half full."""


class Picture:
    """All of its numbers are its name."""

    def __init__(self, name: int) -> None:
        parameters = [torch.full((1, 2, 3), float(name)), torch.full((1, 4), float(name))]
        memory = Adam().begin(parameters).mapped(lambda tensor: torch.full_like(tensor, name))
        self.name = name
        self.group = RowGroup(Numbers(parameters, memory, torch.tensor([name]), torch.full((1, 5), float(name))))
        self.row = 0
        self.group.members.append(self)

    def told(self) -> set[float]:
        return {number for tensor in self.group.part(self.row, 1).all() for number in tensor.flatten().tolist()}


def test_everybody_keeps_what_is_theirs_whoever_comes_and_goes() -> None:
    chance = random.Random(0)
    first, second = Picture(-1).group.like(), Picture(-1).group.like()
    here: list[Picture] = []
    for name in range(300):
        if chance.random() < 0.6:
            here.append(Picture(name))
            first.take(here[-1])
        elif here:
            chance.choice((first, second, Picture(-1).group.like())).take(chance.choice(here))
        if here and chance.random() < 0.3:
            gone = here.pop(chance.randrange(len(here)))
            gone.group.free(gone)
        assert [one.told() for one in here] == [{one.name} for one in here]
    for group in (first, second):
        assert [one.row for one in group.members] == list(range(len(group.members)))
        assert len(group.part(0, len(group.members)).units) == len(group.members)


def test_there_is_room_for_those_who_are_there_and_not_for_many_more() -> None:
    group = Picture(-1).group.like()
    pictures = [Picture(name) for name in range(20)]
    for one in pictures:
        group.take(one)
    storage = group.part(0, 1).parameters[0].untyped_storage()
    assert storage.nbytes() == 32 * 6 * 4
    for one in pictures[3:]:
        group.free(one)
    assert group.part(0, 1).parameters[0].untyped_storage().nbytes() == 8 * 6 * 4
    assert [one.told() for one in pictures[:3]] == [{0}, {1}, {2}]


class Counted(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """How many operations do anything, views apart."""

    count = 0

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.count += not func.is_view
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("objective", [Channel("4", 3), Neuron("4", 3, "negative")], ids=["channel", "neuron"])
def test_a_tick_takes_as_many_operations_for_many_as_for_two(objective: Objective) -> None:
    net = network(stack())
    counts = []
    for pictures in (2, 4, 8):
        lane = Lane(net, ["4"], SIZE)
        for seed in range(pictures):
            lane.join(Recipe(objective, SIZE, steps=128, seed=seed))
        for _ in range(3):
            lane.tick()
        with Counted() as counted:  # type: ignore[no-untyped-call]
            lane.tick()
        counts.append(counted.count)
    assert counts[0] == counts[1] == counts[2]


def test_who_finds_no_memory_to_move_stays_and_is_the_same_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(stack())
    recipes = [Recipe(Channel("4", 3), SIZE, steps=6, seed=seed) for seed in range(3)]
    lane = Lane(net, ["4"], SIZE)

    def full(_group: RowGroup, _room: int) -> None:
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr(RowGroup, "_make_room", full)
    joined = [lane.join(recipe) for recipe in recipes]
    finish(lane)
    assert all(torch.equal(lane.result(one).pixels, alone(net, ["4"], one.recipe).pixels) for one in joined)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
def test_a_tick_does_not_wait_for_a_card() -> None:
    lane = Lane(network(stack()), ["4"], SIZE, device="cuda")
    for seed in range(4):
        lane.join(Recipe(Channel("4", 3), SIZE, steps=128, seed=seed))
    for _ in range(3):
        lane.tick()
    try:
        torch.cuda.set_sync_debug_mode("error")
        lane.tick()
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_those_that_started_apart_become_one_span() -> None:
    """Who takes the first step, who takes shape and who is being finished stand in three groups, no more."""
    lane = Lane(network(stack()), ["4"], SIZE)
    joined: list[Optimization] = []
    for seed in range(6):
        joined.append(lane.join(Recipe(Channel("4", 3), SIZE, steps=8, seed=seed)))
        lane.tick()
        assert len({id(one.group) for one in lane.optimizations}) <= 3
    finish(lane)
    assert all(one.group.members == [one] for one in joined), "who has left holds nobody else's rows"


def test_what_was_told_is_read_once_for_all() -> None:
    told = Told(torch.tensor([1.0, 2.0, 3.0]))
    assert told.ready
    assert [told[row] for row in range(3)] == [1, 2, 3]
    assert [Told(torch.tensor([True, False]))[row] for row in range(2)] == [True, False]


def test_numbers_are_changed_all_alike() -> None:
    def row() -> Tensor:
        return torch.zeros(1, 2)

    numbers = Numbers([row(), row()], Moments([row()], [row()], [row()], [row()]), row(), row())
    assert [tensor.shape for tensor in numbers.mapped(lambda tensor: tensor.repeat(3, 1)).all()] == [(3, 2)] * 8
