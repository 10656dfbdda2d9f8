"""A unit that is silent at first is helped before it is given up, and nobody is called dormant who is awake."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from featurelens.engine.lane import UNMOVED, Lane
from featurelens.engine.network import Network, Preprocessing
from featurelens.engine.objectives import Channel
from featurelens.engine.optimization import Recipe, Rendering
from featurelens.engine.parameterizations import CPPN, Fourier, Laplacian, Parameterization, Pixel
from featurelens.engine.waking import TEST, TICKS, TRIES
from tests.support.lanes import finish

SIZE = (32, 32)


def inhibited(padding: int = 1) -> nn.Sequential:
    """Silent unless nine pixels in a square are all but black: 2 minus the sum of what they are, rectified."""
    convolution = nn.Conv2d(3, 3, 3, padding=padding)
    nn.init.constant_(convolution.weight, -1.0)
    assert convolution.bias is not None
    nn.init.constant_(convolution.bias, 2.0)
    return nn.Sequential(convolution, nn.ReLU())


def deaf(bias: float) -> nn.Sequential:
    convolution = nn.Conv2d(3, 3, 1)
    nn.init.zeros_(convolution.weight)
    assert convolution.bias is not None
    nn.init.constant_(convolution.bias, bias)
    return nn.Sequential(convolution, nn.ReLU())


def made(module: nn.Module, layer: str = "1", steps: int = 8, **options: Parameterization) -> tuple[int, Rendering]:
    """Ticks it took, and the picture."""
    lane = Lane(Network("small", module, Preprocessing()), [layer], SIZE)
    render = lane.join(Recipe(Channel(layer, 1), SIZE, steps, **options))  # type: ignore[arg-type]
    finish(lane)
    assert render.step == steps
    return render.ticks, lane.result(render)


@pytest.mark.parametrize("made_of", [Fourier(), Pixel(), Laplacian(), CPPN()], ids=lambda one: type(one).__name__)
def test_what_only_black_wakes_is_woken(made_of: Parameterization) -> None:
    _, result = made(inhibited(padding=0), parameterization=made_of)
    assert result.measures["activation"][0] > 0
    assert (result.dormant, result.warnings) == (False, ())
    assert len(result.curve) == 8


def test_what_was_woken_rises() -> None:
    _, result = made(inhibited(), steps=64)
    assert result.measures["activation"][0] > 0.8


def test_help_reaches_through_a_silent_layer() -> None:
    behind = nn.Conv2d(3, 2, 1)
    nn.init.ones_(behind.weight)
    assert behind.bias is not None
    nn.init.constant_(behind.bias, -1.0)
    _, result = made(nn.Sequential(*inhibited(), behind, nn.ReLU()), "3", 32)
    assert result.measures["activation"][0] > 0.5
    assert not result.dormant


def test_what_nothing_wakes_is_given_up_as_it_began() -> None:
    ticks, result = made(deaf(-1.0))
    assert ticks == len(TRIES) * (TICKS + TICKS // TEST + 1) + 8
    assert (result.dormant, result.warnings) == (True, ())
    assert result.curve == [0.0] * 8
    lane = Lane(Network("small", deaf(-1.0), Preprocessing()), ["1"], SIZE)
    start = lane.result(lane.join(Recipe(Channel("1", 1), SIZE)))
    assert torch.equal(result.pixels, start.pixels)


def test_who_answers_is_not_called_dormant() -> None:
    _, result = made(deaf(2.0))
    assert result.measures["activation"] == [2.0]
    assert (result.dormant, result.warnings) == (False, (UNMOVED,))


def test_who_is_awake_gets_no_help() -> None:
    module = nn.Sequential(nn.Conv2d(3, 3, 3), nn.Softplus())
    assert made(module)[0] == 8


def test_a_first_step_without_a_gradient_is_taken_back() -> None:
    """The device has not said so yet when the next picture comes; and a single step is the last as well."""
    net = Network("small", inhibited(), Preprocessing())
    recipes = [Recipe(Channel("1", unit), SIZE, steps, seed=unit) for unit, steps in ((0, 1), (1, 1), (2, 4), (0, 3))]
    lane = Lane(net, ["1"], SIZE)
    joined = []
    for recipe in recipes:
        joined.append(lane.join(recipe))
        lane.tick()
    finish(lane)
    for recipe, render in zip(recipes, joined, strict=True):
        alone = Lane(net, ["1"], SIZE)
        other = alone.join(recipe)
        finish(alone)
        assert (render.step, render.ticks) == (recipe.steps, other.ticks)
        assert render.ticks > recipe.steps
        assert torch.equal(lane.result(render).pixels, alone.result(other).pixels)
        assert lane.result(render).curve == alone.result(other).curve
