"""`negative` goes below zero: what stood before rectification falls, wherever a layer ends in it."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
import torchvision
from torch import Tensor, nn

from featurelens.engine.lane import Lane
from featurelens.engine.network import Network
from featurelens.engine.objectives import Channel
from featurelens.engine.optimization import Recipe
from featurelens.engine.transforms import NOTHING
from tests.support.lanes import alone, finish
from tests.support.small_networks import network, seeded, stack


class Functional(nn.Module):
    """Rectifies by a call, not by a module; pools; rectifies leakily."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, padding=1)
        self.second = nn.Conv2d(6, 6, 3, padding=1)
        self.block = Rectified(self.first)
        self.pool = nn.MaxPool2d(2)
        self.leaky = nn.LeakyReLU(0.1)

    def forward(self, picture: Tensor) -> Tensor:
        value: Tensor = self.leaky(self.second(self.pool(self.block(picture))))
        return value


class Rectified(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, value: Tensor) -> Tensor:
        return F.relu(self.inner(value))


def lowered(net: Network, layer: str, channel: int, size: int, steps: int) -> tuple[dict[str, float], dict[str, float]]:
    """What the network says to the picture before the first step and after the last."""
    recipe = Recipe(Channel(layer, channel, "negative"), (size, size), steps=steps, transform=NOTHING)
    lane = Lane(net, [layer], recipe.size)
    render = lane.join(recipe)
    before = lane.result(render).measures
    finish(lane)
    after = lane.result(render).measures
    return {name: value[0] for name, value in before.items()}, {name: value[0] for name, value in after.items()}


@pytest.mark.parametrize("layer", ["2", "4"])
def test_relu_modules(layer: str) -> None:
    before, after = lowered(network(stack()), layer, 1, 32, steps=48)
    assert after["preactivation"] < before["preactivation"] - 0.1
    assert after["preactivation"] < 0


@pytest.mark.parametrize("layer", ["block", "pool"])
def test_functional_relu_and_what_is_pooled_from_it(layer: str) -> None:
    before, after = lowered(network(seeded(Functional())), layer, 4, 32, steps=48)
    assert after["preactivation"] < before["preactivation"] - 0.1
    assert after["preactivation"] < 0


def test_leaky_relu_has_a_gradient_of_its_own() -> None:
    before, after = lowered(network(seeded(Functional())), "leaky", 1, 32, steps=48)
    assert after["activation"] < before["activation"] - 0.01
    assert after["activation"] < 0
    assert "preactivation" not in after


@pytest.mark.parametrize("channel", [3, 100, 215, 250])
def test_every_branch_of_an_inception(channel: int) -> None:
    """inception3a concatenates 64, 128, 32 and 32 channels."""
    googlenet = torchvision.models.googlenet(init_weights=False, aux_logits=False)
    before, after = lowered(network(seeded(googlenet)), "inception3a", channel, 64, steps=8)
    assert after["preactivation"] < before["preactivation"] - 0.05


@pytest.mark.parametrize("layer", ["layer1", "layer2.0"])
def test_residual_sums(layer: str) -> None:
    before, after = lowered(network(seeded(torchvision.models.resnet18())), layer, 7, 64, steps=12)
    assert after["preactivation"] < before["preactivation"] - 0.05


def test_positive_climbs_the_value() -> None:
    result = alone(network(stack()), ["4"], Recipe(Channel("4", 1), (32, 32), steps=24))
    assert result.curve[-1] > result.curve[0]
    assert torch.tensor(result.curve).isfinite().all()
