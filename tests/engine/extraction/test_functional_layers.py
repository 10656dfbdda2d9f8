"""What modules do between their children can be read like a layer."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from featurelens.engine.extraction import functional_layers
from featurelens.engine.extraction.extractor import Extractor
from featurelens.engine.extraction.hooks import read
from featurelens.engine.objectives import Channel
from featurelens.engine.optimization import Recipe
from tests.support.lanes import alone
from tests.support.small_networks import network, seeded


class Block(nn.Module):
    """Two sums, one of them in place, and a rectification, none of them a module."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(4, 4, 3, padding=1)
        self.two = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, value: Tensor) -> Tensor:
        middle = F.relu(value + self.one(value))
        out = self.two(middle)
        out += middle
        return torch.tanh(out)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.blocks = nn.Sequential(Block(), Block())

    def forward(self, inputs: Tensor) -> Tensor:
        value = self.stem(inputs)
        return F.relu(torch.cat([self.blocks(value), value], 1))


LAYERS = ("blocks.0.add", "blocks.0.relu", "blocks.0.add_1", "blocks.1.add_1", "cat", "relu", "blocks.0.two")


@pytest.fixture
def net() -> nn.Module:
    return seeded(Net())


def expected(net: Net, inputs: Tensor) -> dict[str, Tensor]:
    value = net.stem(inputs)
    block = net.blocks[0]
    assert isinstance(block, Block)
    first = value + block.one(value)
    second = block.two(first.relu()) + first.relu()
    return {"blocks.0.add": first, "blocks.0.relu": first.relu(), "blocks.0.add_1": second}


def test_steps_are_read_as_the_arithmetic_has_them(net: Net) -> None:
    inputs = torch.rand(2, 3, 8, 8)
    hooked = Extractor(network(net), LAYERS, follow=True)(inputs)
    assert set(hooked) == set(LAYERS)
    for name, value in expected(net, inputs).items():
        torch.testing.assert_close(hooked[name].value, value)
    before = hooked["blocks.0.relu"].before
    assert before is not None
    torch.testing.assert_close(before, expected(net, inputs)["blocks.0.add"])


def test_a_step_alone_ends_the_pass(net: Net) -> None:
    reached = []
    net.blocks[1].register_forward_pre_hook(lambda *_: reached.append(1))
    read(net, torch.rand(1, 3, 8, 8), ["blocks.0.add_1"])
    assert not reached
    read(net, torch.rand(1, 3, 8, 8), ["cat"])
    assert reached


@pytest.mark.parametrize("name", ["blocks.0.mul", "blocks.7.add", "add.blocks", "blocks.0.add_0", "__class__"])
def test_what_is_no_step_is_no_layer(net: Net, name: str) -> None:
    assert functional_layers.parent(name, net) is None
    with pytest.raises(KeyError):
        read(net, torch.rand(1, 3, 8, 8), [name])
    with pytest.raises(KeyError):
        Extractor(network(net), [name])


@pytest.mark.parametrize("name", ["blocks.0.add_2", "blocks.add", "stem.add"])
def test_steps_never_taken_are_told(net: Net, name: str) -> None:
    with pytest.raises(ValueError, match="never reaches"):
        read(net, torch.rand(1, 3, 8, 8), [name])


def test_the_unit_of_a_step_rises(net: Net) -> None:
    reached = {
        count: alone(network(net), ["blocks.1.add"], Recipe(Channel("blocks.1.add", 2), (16, 16), steps=count))
        for count in (1, 12)
    }
    assert reached[12].measures["activation"][0] > reached[1].measures["activation"][0]
