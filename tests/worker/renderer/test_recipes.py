"""Every objective and parameterization of the spec becomes a recipe that a lane can work on."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
import torch
from PIL import Image
from pydantic import ValidationError

from featurelens.engine import objectives, optimizers, parameterizations
from featurelens.engine.lane import Lane
from featurelens.engine.optimization import Recipe, Rendering
from featurelens.engine.parameterizations import Size
from featurelens.engine.regularizers import Regularizers
from featurelens.engine.transforms import Transform
from featurelens.jobs.spec.optimizers import OptimizerChoice
from featurelens.jobs.spec.parameterizations import (
    CPPNParameters,
    FourierParameters,
    LaplacianParameters,
    PixelParameters,
)
from featurelens.jobs.spec.regularizers import RegularizerWeights
from featurelens.jobs.spec.transforms import TransformRanges
from featurelens.jobs.spec.visualization import VisualizationSpec
from tests.support.lanes import finish
from tests.support.photographs import encoded
from tests.support.recipes import LAYER, OTHER, SIZE, asked, made
from tests.support.small_networks import network, stack
from tests.support.specs import KINDS, OBJECTIVES, PARAMETERIZATIONS, PHOTO, spec


def advanced(wanted: Recipe, channels: int = 3) -> Rendering:
    """By two real steps."""
    lane = Lane(network(stack(channels), channels), wanted.objective.layers, wanted.size)
    render = lane.join(wanted)
    finish(lane)
    assert (render.failure, render.step) == (None, 2)
    return lane.result(render)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parameterization", PARAMETERIZATIONS)
def test_every_objective_with_every_parameterization(kind: str, parameterization: str) -> None:
    if OBJECTIVES[kind].only_with and parameterization != "fourier":
        with pytest.raises(ValidationError, match="works with the fourier parameterization only"):
            asked(kind, parameterization={"type": parameterization})
        return
    wanted = asked(kind, parameterization={"type": parameterization}, snapshots=[0])
    result = advanced(made(wanted))
    masked = parameterization == "maco"
    assert result.pixels.shape == (wanted.pictures, *SIZE, 4 if masked else 3)
    assert [(step, pixels.shape[3]) for step, pixels in result.snapshots] == [(0, 3)]
    assert len(result.measures["activation"]) == wanted.pictures


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("parameterization", ["fourier", "pixel", "laplacian", "cppn"])
def test_transparency(parameterization: str, channels: int) -> None:
    wanted = made(asked(parameterization={"type": parameterization, "alpha": True}), channels=channels)
    assert isinstance(wanted.parameterization, parameterizations.Alpha)
    assert advanced(wanted, channels).pixels.shape == (1, *SIZE, channels + 1)


@pytest.mark.parametrize("kind", ["channel", "caricature", "accentuation", "interpolation"])
def test_networks_of_one_channel(kind: str) -> None:
    wanted = asked(kind)
    assert advanced(made(wanted, channels=1), 1).pixels.shape == (wanted.pictures, *SIZE, 1)


@pytest.mark.parametrize("optimizer", ["adam", "nadam", "gradient"])
def test_optimizers(optimizer: str) -> None:
    remembered = {} if optimizer == "gradient" else {"beta1": 0.5}
    wanted = made(asked(optimizer={"type": optimizer, "learning_rate": 0.5, "anneal": 0.25} | remembered))
    assert type(wanted.optimizer).__name__.lower() == optimizer
    assert (wanted.learning_rate, wanted.anneal) == (0.5, 0.25)
    assert getattr(wanted.optimizer, "beta1", None) == remembered.get("beta1")
    assert advanced(wanted).dormant is False


@pytest.mark.parametrize(
    ("kind", "given", "objective"),
    [
        ("channel", {}, objectives.Channel(LAYER, 0, "negative")),
        ("neuron", {"x": 3}, objectives.Neuron(LAYER, 0, "negative", 3, None)),
        ("class", {}, objectives.Channel(LAYER, 3, "negative")),
        ("class", {"value": "probability"}, objectives.Probability(LAYER, 3, "negative")),
        ("diversity", {"weight": 2.0}, objectives.Diversity(objectives.Channel(LAYER, 0, "negative"), 2.0)),
        (
            "direction",
            {"seed": None, "vector": [1.0, 2.0], "power": 4.0, "y": 1},
            objectives.Direction(LAYER, (1.0, 2.0), "negative", 4.0, None, 1, positioned=True),
        ),
        (
            "direction",
            {"seed": 5},
            objectives.Direction(LAYER, objectives.random_direction(8, 5), "negative"),
        ),
        (
            "interpolation",
            {"alignment": 0.5},
            objectives.Interpolation(objectives.Channel(LAYER, 0, "negative"), objectives.Channel(OTHER, 1), 3, 0.5),
        ),
    ],
)
def test_nothing_that_was_asked_gets_lost(kind: str, given: dict[str, Any], objective: objectives.Objective) -> None:
    assert made(asked(kind, given, sign="negative")).objective == objective


def test_terms_of_a_joint_objective() -> None:
    first, second = objectives.Channel(LAYER, 0), objectives.Neuron(OTHER, 1, "negative", 3, None)
    assert made(asked("joint")).objective == objectives.Joint(((1.0, first), (1.0, second)))


def test_accentuation_is_held_to_its_photograph() -> None:
    wanted = made(asked("accentuation", {"strength": 3.0}, regularizers={"tv": 0.5}))
    assert isinstance(wanted.parameterization, parameterizations.Photograph)
    assert (wanted.regularizers.pull, wanted.regularizers.tv) == (3.0, 0.5)
    assert wanted.regularizers.home is wanted.parameterization.photo
    assert made(asked("inversion")).regularizers.pull == 0.0


def test_a_layer_dreams_from_a_photograph() -> None:
    """The start is the photograph, as it is in accentuation; without one it is noise."""
    wanted = made(asked("layer", {"photo": PHOTO}, snapshots=[0]))
    assert wanted.objective == objectives.Layer(LAYER)
    assert isinstance(wanted.parameterization, parameterizations.Photograph)
    assert wanted.regularizers.pull == 0.0
    ((step, pixels),) = advanced(wanted).snapshots
    start = wanted.parameterization.photo.clamp(0.01, 0.99) * 255
    assert step == 0
    assert (pixels[0].permute(2, 0, 1).float() - start).abs().max() <= 1
    assert isinstance(made(asked("layer")).parameterization, parameterizations.Fourier)


@pytest.mark.parametrize("size", [(32, 40), (40, 32), (33, 47), (8, 200), (200, 8)])
@pytest.mark.parametrize(("width", "height"), [(60, 50), (50, 60), (8, 1024), (1024, 8), (9, 9)])
def test_photographs_of_any_shape_fit_any_size(size: Size, width: int, height: int) -> None:
    photo = encoded(Image.new("RGB", (width, height), (255, 0, 51)))
    wanted = made(asked("accentuation").completed(size=size), photo)
    assert isinstance(wanted.parameterization, parameterizations.Photograph)
    seen = wanted.parameterization.photo
    assert seen.shape == (3, *size)
    torch.testing.assert_close(seen, torch.tensor([1.0, 0.0, 0.2])[:, None, None].expand(3, *size))


def test_the_middle_of_a_photograph_is_seen() -> None:
    """64 wide and 32 high, red at the left and at the right, where a square does not reach."""
    image = Image.new("RGB", (64, 32), (255, 0, 0))
    image.paste((0, 255, 0), (16, 0, 32, 32))
    image.paste((0, 0, 255), (32, 0, 48, 32))
    wanted = made(asked("inversion").completed(size=(32, 32)), encoded(image))
    assert isinstance(wanted.objective, objectives.Inversion)
    seen = wanted.objective.photo
    assert seen[0].max() == 0
    assert bool((seen[1, :, :16] == 1).all())
    assert bool((seen[2, :, 16:] == 1).all())


def test_defaults_of_the_engine_are_those_of_the_spec() -> None:
    """A notebook makes the same picture as the service."""
    wanted = made(asked())
    plain = Recipe(wanted.objective, SIZE, steps=2)
    for field in fields(Recipe):
        if field.name != "regularizers":
            assert getattr(wanted, field.name) == getattr(plain, field.name), field.name
    assert not wanted.regularizers.any
    assert VisualizationSpec(model="m", layer="l", channel=0).steps == Recipe(wanted.objective, SIZE).steps


@pytest.mark.parametrize(
    ("part", "engine"),
    [
        (TransformRanges(), Transform()),
        (RegularizerWeights(), Regularizers()),
        (FourierParameters(), parameterizations.Fourier()),
        (PixelParameters(type="pixel"), parameterizations.Pixel()),
        (LaplacianParameters(type="laplacian"), parameterizations.Laplacian()),
        (CPPNParameters(type="cppn"), parameterizations.CPPN()),
        (FourierParameters(), parameterizations.Shared(5)),
        (OptimizerChoice(), Recipe(objectives.Layer("l"), SIZE)),
    ],
)
def test_defaults_do_not_drift_apart(part: Any, engine: object) -> None:
    shared = set(type(part).model_fields) & {name for name in dir(engine) if not name.startswith("_")}
    assert shared
    for name in shared:
        assert getattr(part, name) == getattr(engine, name), name


@pytest.mark.parametrize(
    ("kind", "objective"),
    [
        ("direction", objectives.Direction("l", (1.0,))),
        ("diversity", objectives.Diversity(objectives.Layer("l"))),
        ("caricature", objectives.Caricature("l", torch.zeros(3, 8, 8))),
    ],
)
def test_defaults_of_objectives_do_not_drift_apart(kind: str, objective: objectives.Objective) -> None:
    for name in ("power", "weight"):
        assert getattr(spec(kind).objective, name, None) == getattr(objective, name, None)


def test_optimizers_are_those_of_the_engine() -> None:
    assert made(asked()).optimizer == Recipe(objectives.Layer("l"), SIZE).optimizer == optimizers.Adam()


def test_what_is_not_resolved_is_refused() -> None:
    for missing in ({"size": None}, {"transform": None}, {"layer": None}):
        with pytest.raises(ValueError, match="not resolved"):
            made(asked().model_copy(update=missing))
