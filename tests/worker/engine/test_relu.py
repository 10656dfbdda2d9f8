"""A unit that is dead on the start picture is woken; one that nothing reaches stays dormant, and that is said."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.worker.engine.small import finish, network
from worker.engine.lane import WAKING, Lane
from worker.engine.objectives import Channel, Joint
from worker.engine.relu import redirected_relu, redirected_relu6
from worker.engine.render import Recipe


class Dead(nn.Module):
    """Channel 0 answers, channel 1 is below zero on every grey picture, channel 2 is cut off from the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 3, 1)
        with torch.no_grad():
            self.convolution.weight.zero_()
            self.convolution.weight[0] = 1.0
            self.convolution.weight[1] = 1.0
            self.convolution.bias.copy_(torch.tensor([2.0, -0.5, -0.5]))  # type: ignore[union-attr]
        self.relu = nn.ReLU()

    def forward(self, picture: Tensor) -> Tensor:
        value: Tensor = self.relu(self.convolution(picture))
        return value


def test_a_dead_unit_wakes_among_others() -> None:
    lane = Lane(network(Dead()), ["relu"], (32, 32))
    dead = lane.join(Recipe(Channel("relu", 1), (32, 32), steps=WAKING + 48))
    lane.join(Recipe(Channel("relu", 0), (32, 32), steps=WAKING + 48))
    finish(lane)
    result = lane.result(dead)
    assert result.curve[0] == 0
    assert result.measures["activation"][0] > 0.1
    assert not result.dormant


def test_what_is_cut_off_stays_dormant_and_says_so() -> None:
    lane = Lane(network(Dead()), ["relu"], (32, 32))
    render = lane.join(Recipe(Channel("relu", 2), (32, 32), steps=WAKING + 4))
    awake = lane.join(Recipe(Channel("relu", 0), (32, 32), steps=WAKING + 4))
    before = lane.result(render).pixels
    finish(lane)
    result = lane.result(render)
    assert result.dormant
    assert torch.equal(result.pixels, before)
    assert not lane.result(awake).dormant


def test_a_joint_objective_is_awake_when_one_term_is() -> None:
    lane = Lane(network(Dead()), ["relu"], (32, 32))
    objective = Joint(((1.0, Channel("relu", 2)), (1.0, Channel("relu", 0))))
    render = lane.join(Recipe(objective, (32, 32), steps=4))
    finish(lane)
    assert not lane.result(render).dormant


def gradient(value: list[list[float]], slope: list[list[float]], six: bool = False) -> list[list[float]]:
    tensor = torch.tensor(value, dtype=torch.float32, requires_grad=True)
    rectified = redirected_relu6(tensor) if six else redirected_relu(tensor)
    (found,) = torch.autograd.grad(rectified, tensor, torch.tensor(slope, dtype=torch.float32))
    numbers: list[list[float]] = found.tolist()
    return numbers


def test_gradients_are_redirected_per_picture_and_only_upwards() -> None:
    # The first picture gets through by itself; the second is blocked: what lifts passes, what lowers does not.
    assert gradient([[1, -1], [-1, -1]], [[2, 3], [4, -5]]) == [[2, 0], [4, 0]]
    assert gradient([[7, 3], [7, -1]], [[2, 3], [4, 5]], six=True) == [[0, 3], [0, 5]]


def test_values_are_those_of_a_plain_relu() -> None:
    value = torch.linspace(-9, 9, 37)
    assert torch.equal(redirected_relu(value), value.relu())
    assert torch.equal(redirected_relu6(value), nn.functional.relu6(value))
