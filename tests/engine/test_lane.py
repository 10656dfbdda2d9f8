"""A lane is a shared ride: who sits in it changes nobody's picture, not by a bit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
import torch
from torch import Tensor

from featurelens.engine.extraction.extractor import Extractor
from featurelens.engine.extraction.hooks import Reading
from featurelens.engine.extraction.passage import ALL_EXACT, Passages
from featurelens.engine.lane import Lane
from featurelens.engine.objectives import Channel, Direction, Diversity, Interpolation, Joint, Layer, Neuron
from featurelens.engine.objectives.base import Readings
from featurelens.engine.optimization import Optimization, Recipe, Rendering
from featurelens.engine.optimizers import Adam
from featurelens.engine.parameterizations import (
    CPPN,
    Alpha,
    Fourier,
    Laplacian,
    MaCo,
    Parameterization,
    Photograph,
    Pixel,
    Shared,
)
from featurelens.engine.regularizers import Regularizers
from featurelens.engine.transforms import NOTHING, Transform
from tests.support.lanes import alone, finish
from tests.support.small_networks import network, stack

SIZE = (32, 40)
LAYERS = ["2", "4"]
NET = network(stack())
PHOTO = torch.rand(3, *SIZE, generator=torch.Generator().manual_seed(5))

RECIPES = [
    Recipe(Channel("4", 1), SIZE, steps=8, seed=1),
    Recipe(Channel("4", 1), SIZE, steps=8, seed=2),
    Recipe(Neuron("2", 3, "negative"), SIZE, steps=6, seed=3, parameterization=Pixel()),
    Recipe(Layer("4"), SIZE, steps=8, seed=4, parameterization=Laplacian(), transform=NOTHING),
    Recipe(
        Direction("4", (1.0,) * 12, power=2), SIZE, steps=5, parameterization=MaCo(), transform=Transform(noise=0.1)
    ),
    Recipe(Joint(((1.0, Channel("2", 0)), (-0.5, Channel("4", 2)))), SIZE, steps=8, parameterization=CPPN()),
    Recipe(Channel("4", 5), SIZE, steps=8, parameterization=Alpha(Fourier()), optimizer=Adam(beta1=0.5)),
    Recipe(Channel("4", 5), SIZE, steps=8, parameterization=Photograph(PHOTO), regularizers=Regularizers(tv=0.5)),
    Recipe(Diversity(Channel("4", 6)), SIZE, steps=8, pictures=3, transform=Transform(views=2, crop=(0.3, 0.6))),
    Recipe(
        Interpolation(Channel("4", 6), Channel("4", 7), 3, alignment=0.1),
        SIZE,
        steps=8,
        pictures=3,
        parameterization=Shared(3),
    ),
]


def assert_same(one: Rendering, other: Rendering) -> None:
    assert torch.equal(one.pixels, other.pixels)
    assert (one.curve, one.measures) == (other.curve, other.measures)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
def test_alone_and_in_a_full_lane_are_the_same(dtype: torch.dtype) -> None:
    lane = Lane(NET, LAYERS, SIZE, dtype=dtype)
    renders = []
    for recipe in RECIPES:  # each joins a tick after the one before; the shorter ones leave early
        renders.append(lane.join(recipe))
        lane.tick()
    finish(lane)
    for recipe, render in zip(RECIPES, renders, strict=True):
        assert render.failure is None
        assert_same(lane.result(render), alone(NET, LAYERS, recipe, dtype))


def test_the_same_seed_gives_the_same_picture_exactly() -> None:
    for recipe in RECIPES[::2]:
        one, other = alone(NET, LAYERS, recipe), alone(NET, LAYERS, recipe)
        assert torch.equal(one.pixels, other.pixels)
        assert one.curve == other.curve
    assert not torch.equal(alone(NET, LAYERS, RECIPES[0]).pixels, alone(NET, LAYERS, RECIPES[1]).pixels)


def test_who_leaves_is_not_missed() -> None:
    lane = Lane(NET, LAYERS, SIZE)
    stays, leaves = lane.join(RECIPES[0]), lane.join(RECIPES[4])
    lane.tick()
    lane.leave(leaves)
    assert finish(lane) == [stays]
    assert leaves.step == 1
    assert_same(lane.result(stays), alone(NET, LAYERS, RECIPES[0]))


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        (Neuron("4", 0, x=40), "lies outside the layer"),
        (Neuron("4", 0, y=-1), "lies outside the layer"),
        (Direction("4", (1.0, 2.0)), "has 12 channels, the vector 2"),
        (Channel("4", 12), "out of bounds"),
        (Interpolation(Channel("4", 0), Channel("4", 1), pictures=2), "this strip has 2 pictures"),
    ],
)
def test_an_objective_that_does_not_fit_fails_alone(
    objective: Neuron | Direction | Channel | Interpolation, message: str
) -> None:
    lane = Lane(NET, LAYERS, SIZE)
    good = lane.join(RECIPES[0])
    bad = lane.join(Recipe(objective, SIZE, steps=8))
    assert lane.tick() == [bad]
    assert message in str(bad.failure)
    assert finish(lane) == [good]
    assert_same(lane.result(good), alone(NET, LAYERS, RECIPES[0]))


def test_what_belongs_elsewhere_is_refused() -> None:
    lane = Lane(NET, ["4"], SIZE)
    for recipe in (
        Recipe(Channel("4", 0), (40, 32)),
        Recipe(Channel("2", 0), SIZE),
        Recipe(Channel("4", 0), SIZE, parameterization=Fourier(channels=1)),
    ):
        with pytest.raises(ValueError, match=r"another lane|channels"):
            lane.join(recipe)
    assert lane.optimizations == []


class Small:
    """A device with memory for so many pictures."""

    def __init__(self, extract: Extractor, rows: int) -> None:
        self._extract, self.rows = extract, rows
        self.statistics = extract.statistics
        self.refused = 0

    def __call__(self, inputs: Tensor, passages: Passages = ALL_EXACT) -> dict[str, Reading]:
        if inputs.shape[0] > self.rows:
            self.refused += 1
            raise torch.OutOfMemoryError("no room")
        return self._extract(inputs, passages)


def test_out_of_memory_halves_the_lane_and_changes_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    lane = Lane(NET, LAYERS, SIZE)
    device = Small(lane._extract, rows=5)
    monkeypatch.setattr(lane, "_extract", device)
    renders = [lane.join(recipe) for recipe in RECIPES if recipe.pictures == 1]
    finish(lane)
    assert device.refused == 1
    assert lane.limit == 4
    for render in renders:
        assert render.step == render.recipe.steps
        assert_same(lane.result(render), alone(NET, LAYERS, render.recipe))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("limit", [1, 2, 4])
def test_cut_into_passes_a_picture_is_the_same(limit: int, dtype: torch.dtype) -> None:
    often = Transform(views=3, crop=(0.3, 0.9), noise=0.1)
    for recipe in (*(replace(recipe, transform=often) for recipe in RECIPES[:8]), *RECIPES[8:]):
        short = replace(recipe, steps=3)
        whole, cut = (alone(NET, LAYERS, short, dtype, most) for most in (64, limit))
        assert_same(cut, whole)


def test_others_go_between_two_passes_and_whoever_leaves_is_gone() -> None:
    lane = Lane(NET, LAYERS, SIZE, limit=2)
    many, small = lane.join(RECIPES[8]), lane.join(RECIPES[0])
    for _ in range(2):
        lane.tick()
    assert (many.ticks, small.ticks) == (0, 1)
    lane.leave(many)
    assert finish(lane) == [small]
    assert_same(lane.result(small), alone(NET, LAYERS, RECIPES[0]))


def test_memory_that_ends_in_the_middle_of_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """The step begins anew, with the same draws, in smaller passes."""
    lane = Lane(NET, LAYERS, SIZE, dtype=torch.bfloat16, limit=4)
    device = Small(lane._extract, rows=4)
    monkeypatch.setattr(lane, "_extract", device)
    render = lane.join(RECIPES[8])
    for _ in range(3):
        lane.tick()
    device.rows = 2
    finish(lane)
    assert (device.refused, lane.limit) == (1, 2)
    assert_same(lane.result(render), alone(NET, LAYERS, RECIPES[8], torch.bfloat16))


@dataclass(frozen=True)
class Faulty(Channel):
    """Fails in a way that nobody has foreseen, from its third step on."""

    asked: list[int] = field(default_factory=list, compare=False)

    def score(self, readings: Readings) -> Tensor:
        self.asked.append(1)
        if len(self.asked) > 2:
            raise ZeroDivisionError("nobody has thought of this")
        return super().score(readings)


def test_only_the_culprit_of_a_failure_fails() -> None:
    lane = Lane(NET, LAYERS, SIZE, dtype=torch.bfloat16)
    good = [lane.join(recipe) for recipe in RECIPES[:5]]
    bad = lane.join(Recipe(Faulty("4", 1), SIZE, steps=8))
    assert finish(lane)[0] is bad
    assert isinstance(bad.failure, ZeroDivisionError)
    assert bad.failure.__traceback__ is None, "it would hold the tensors of the pass"
    for render in good:
        assert render.failure is None
        assert_same(lane.result(render), alone(NET, LAYERS, render.recipe, torch.bfloat16))


def test_a_picture_that_never_fits_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    lane = Lane(NET, LAYERS, SIZE)
    monkeypatch.setattr(lane, "_extract", Small(lane._extract, rows=0))
    render = lane.join(RECIPES[0])
    assert lane.tick() == [render]
    assert isinstance(render.failure, torch.OutOfMemoryError)
    assert not lane.optimizations


def test_more_pictures_than_room_take_turns() -> None:
    lane = Lane(NET, LAYERS, SIZE, limit=2)
    renders = [lane.join(recipe) for recipe in (*RECIPES[:4], RECIPES[8])]  # the last brings six rows of its own
    for _ in range(6):
        lane.tick()
    *ticks, many = [render.ticks for render in renders]
    assert ticks == [2] * 4
    assert many == 0, "it takes six passes for a step, and has had its two turns"
    assert len(finish(lane)) == len(renders)
    for render in renders:
        assert_same(lane.result(render), alone(NET, LAYERS, render.recipe))


def test_snapshots_are_what_shorter_runs_give() -> None:
    def recipe(steps: int, snapshots: tuple[int, ...] = ()) -> Recipe:
        free = Regularizers(prior=0.0)
        return Recipe(Channel("4", 1), SIZE, steps, regularizers=free, anneal=0.0, leak=0.0, snapshots=snapshots)

    long = alone(NET, LAYERS, recipe(8, (8, 0, 4)))
    assert [step for step, _ in long.snapshots] == [0, 4, 8]
    for step, pixels in long.snapshots:
        assert torch.equal(pixels, alone(NET, LAYERS, recipe(step)).pixels)
    assert torch.equal(long.snapshots[-1][1], long.pixels)


def test_the_learning_rate_falls_at_the_end() -> None:
    lane = Lane(NET, LAYERS, SIZE)
    render = lane.join(Recipe(Channel("4", 3), SIZE, steps=10, learning_rate=0.2, anneal=0.5))
    rates = []
    while lane.optimizations:
        rates.append(render.rate)
        lane.tick()
    assert rates == pytest.approx([0.2] * 6 + [0.164, 0.128, 0.092, 0.056])


def test_a_long_run_takes_shape_for_longer_and_is_finished_as_all_are() -> None:
    """Sixteen times the steps: the schedule is twice as long and ends with the run, at a quarter of the rate."""
    objective = Channel("4", 3)
    usual, long = (Optimization(Recipe(objective, SIZE, steps=steps), objective) for steps in (128, 2048))
    for long.step in (0, 100, 2048 - 256):
        assert (long.progress, long.rate) == (0.0, usual.rate / 4)
    for usual.step, long.step in ((32, 2048 - 192), (96, 2048 - 64), (127, 2046)):
        assert long.progress == pytest.approx(usual.progress)
        assert long.rate == pytest.approx(usual.rate / 4)
    asked = Optimization(Recipe(objective, SIZE, steps=512, learning_rate=0.2), objective)
    assert asked.rate == 0.2


def test_the_curve_rises_and_the_measures_are_of_the_pixels() -> None:
    recipe = Recipe(Channel("4", 1), SIZE, steps=32, transform=NOTHING)
    result = alone(NET, LAYERS, recipe)
    assert len(result.curve) == 32
    assert all(later > earlier - 1e-3 for earlier, later in zip(result.curve, result.curve[1:], strict=False))
    assert result.curve[-1] > 2 * result.curve[0]
    shown = NET.preprocessing(result.pixels.permute(0, 3, 1, 2).float() / 255)
    with torch.no_grad():
        activation = float(NET.module(shown)[0, 1].mean())
    assert result.measures["activation"][0] == pytest.approx(activation, rel=1e-4)
    assert result.pixels.dtype == torch.uint8
    assert result.pixels.shape == (1, *SIZE, 3)


@pytest.mark.parametrize("made_of", [Pixel(), Fourier(), Laplacian(), MaCo(), CPPN(), Alpha(Fourier())], ids=str)
def test_whatever_a_picture_is_made_of_its_unit_rises(made_of: Parameterization) -> None:
    recipe = Recipe(Channel("4", 3), SIZE, steps=32, parameterization=made_of, transform=NOTHING)
    curve = alone(NET, LAYERS, recipe).curve
    assert curve[-1] > curve[0] + 0.25 * abs(curve[0])


def test_transparency_comes_out_as_a_last_channel() -> None:
    for parameterization in (Alpha(Fourier()), MaCo()):
        result = alone(NET, LAYERS, Recipe(Channel("4", 1), SIZE, steps=4, parameterization=parameterization))
        assert result.pixels.shape == (1, *SIZE, 4)
