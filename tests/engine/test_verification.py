"""What a result tells is the untouched network's answer, and whatever is faster is used only where it agrees."""

from __future__ import annotations

import random

import pytest
import torch
import torchvision
from torch import Tensor, nn

from featurelens.engine import verification
from featurelens.engine.lane import Lane
from featurelens.engine.network import Network
from featurelens.engine.objectives import Channel
from featurelens.engine.optimization import Recipe, Rendering
from featurelens.engine.verification import DRAWS, UNSTEADY, verified
from tests.support.architectures import ARCHITECTURES, built
from tests.support.awkward_networks import (
    DRAWING,
    FLOAT32_INSIDE,
    LOST,
    Autocast,
    Awkward,
    FunctionalStatement,
    Spectral,
    Warped,
)
from tests.support.lanes import alone, finish
from tests.support.small_networks import network, seeded, stack

SIZE = (64, 64)
CPU = torch.device("cpu")
PRECISIONS = [torch.float32, torch.bfloat16]


def own_answer(net: Network, result: Rendering, channel: int) -> float:
    """What the author's module answers to the final pixels, with nothing of ours in between."""
    with torch.no_grad():
        value: Tensor = net.module(net.preprocessing(result.pixels.permute(0, 3, 1, 2).contiguous().float() / 255))
    return float(value[0, channel].float().mean())


def climbed(module: nn.Module, dtype: torch.dtype, steps: int = 8) -> tuple[Lane, float, Rendering]:
    """The lane, the activation before the first step, and the picture; what is told of it is held against `module`."""
    net = network(module)
    lane = Lane(net, ["conv2"], SIZE, dtype=dtype)
    render = lane.join(Recipe(Channel("conv2", 1), SIZE, steps))
    before = lane.result(render).measures["activation"][0]
    finish(lane)
    result = lane.result(render)
    torch.manual_seed(0)
    random.seed(0)
    assert result.measures["activation"][0] == pytest.approx(own_answer(net, result, 1), rel=1e-5)
    return lane, before, result


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
@pytest.mark.parametrize("kind", LOST)
def test_what_tracing_loses_is_not_lost(kind: type[Awkward], dtype: torch.dtype) -> None:
    lane, before, result = climbed(kind(), dtype)
    assert result.measures["activation"][0] > before + 0.01
    assert not result.dormant
    assert lane._extract.way == "hooked"
    assert lane.dtype == dtype
    (warning,) = result.warnings
    assert warning.startswith("the network is run with hooks in ")
    assert "as a graph" in warning


@pytest.mark.parametrize("kind", FLOAT32_INSIDE)
def test_float32_made_inside(kind: type[Awkward]) -> None:
    lane, before, result = climbed(kind(), torch.bfloat16)
    assert result.measures["activation"][0] > before + 0.01
    assert lane.dtype == torch.float32
    (warning,) = result.warnings
    assert "in float32: " in warning
    assert "in bfloat16 it raises" in warning
    if kind is not Warped:  # which cannot be traced
        assert lane._extract.way == "traced"
        assert climbed(kind(), torch.float32)[2].warnings == ()


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
def test_autocast_inside(dtype: torch.dtype) -> None:
    """It is not in a graph, and makes no difference but of rounding."""
    _, before, result = climbed(Autocast(), dtype)
    assert result.measures["activation"][0] > before + 0.01


@pytest.mark.parametrize("kind", DRAWING)
def test_networks_that_draw_give_the_same_picture_for_the_same_seed(kind: type[Awkward]) -> None:
    module = kind()
    lane, before, result = climbed(module, torch.bfloat16)
    assert result.measures["activation"][0] > before
    assert result.warnings == (DRAWS,)
    others = [lane.join(Recipe(Channel("conv2", channel), SIZE, 8)) for channel in (2, 1)]
    torch.rand(7)  # what others draw meanwhile
    state = torch.get_rng_state()
    finish(lane)
    again = lane.result(others[1])
    assert torch.equal(again.pixels, result.pixels)
    assert again.measures == result.measures
    assert torch.equal(torch.get_rng_state(), state)
    other = alone(network(module), ["conv2"], Recipe(Channel("conv2", 1), SIZE, 8, seed=3))
    assert not torch.equal(other.pixels, result.pixels)


class Counting(Awkward):
    """Answers louder every time."""

    def __init__(self) -> None:
        super().__init__()
        self.times = 0

    def between(self, value: Tensor) -> Tensor:
        self.times += 1
        return super().between(value) * self.times


def test_what_no_seed_decides_is_told() -> None:
    assert alone(network(Counting()), ["conv2"], Recipe(Channel("conv2", 1), SIZE, 2)).warnings == (DRAWS, UNSTEADY)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_nothing_gets_slower(architecture: str) -> None:
    """What was traced is."""
    size, layers = ARCHITECTURES[architecture]
    extract, verdict = verified(built(architecture), tuple(layers), (size, size), torch.float32, CPU)
    assert extract.traced
    assert verdict.warnings == ()


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
def test_plain_networks_are_traced_without_a_warning(dtype: torch.dtype) -> None:
    extract, verdict = verified(network(stack()), ("2", "4"), SIZE, dtype, CPU)
    assert extract.traced
    assert (extract.dtype, verdict.dtype, verdict.warnings) == (dtype, dtype, ())


def test_functional_layers_are_hooked_without_a_warning() -> None:
    net = network(seeded(torchvision.models.resnet18()))
    extract, verdict = verified(net, ("layer1.0.add",), SIZE, torch.float32, CPU)
    assert extract.way == "hooked"
    assert verdict.warnings == ()


def test_networks_are_compared_once_for_all_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(FunctionalStatement())
    _, first = verified(net, ("conv2",), (96, 96), torch.float32, CPU)
    monkeypatch.setattr(verification, "_Trial", None)
    extract, second = verified(net, ("conv2",), (80, 120), torch.float32, CPU)
    assert second is first
    assert extract.way == first.way == "hooked"


class Fixed(nn.Module):
    """Takes one size only."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.stack, self.side = stack(), side

    def forward(self, picture: Tensor) -> Tensor:
        assert picture.shape[2] == self.side
        value: Tensor = self.stack(picture)
        return value


def test_networks_of_one_size_are_compared_at_it() -> None:
    net = network(Fixed(80))
    extract, _ = verified(net, ("stack.4",), (80, 80), torch.float32, CPU)
    assert not extract.traced
    with pytest.raises(AssertionError):
        verified(network(Fixed(80)), ("stack.4",), (96, 96), torch.float32, CPU)


def test_the_network_is_left_as_its_author_wrote_it() -> None:
    net = network(seeded(torchvision.models.resnet18()))
    before = {name: value.clone() for name, value in net.module.state_dict().items()}
    alone(net, ["layer1"], Recipe(Channel("layer1", 1), (32, 32), 2))
    assert all(part.inplace for part in net.module.modules() if isinstance(part, nn.ReLU))
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in net.module.modules())
    assert all(torch.equal(value, before[name]) for name, value in net.module.state_dict().items())


class SpoilsItsGradient(Awkward):
    """torch itself finds no gradient: what the sigmoid needs for its own is written over."""

    def between(self, value: Tensor) -> Tensor:
        opened = value.sigmoid()
        opened.mul_(2)
        return opened


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
def test_networks_that_write_over_what_their_gradient_needs(dtype: torch.dtype) -> None:
    lane, before, result = climbed(SpoilsItsGradient(), dtype)
    assert result.measures["activation"][0] > before + 0.01
    assert (lane._extract.way, lane.dtype) == ("untouched", torch.float32)


def test_errors_of_a_graph_are_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    verified(network(Spectral()), ("conv2",), SIZE, torch.bfloat16, CPU)
    assert capfd.readouterr() == ("", "")
