"""From what was asked (a resolved spec) to what the engine makes (a recipe)."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TypeVar

from PIL import Image
from torch import Tensor

from featurelens.engine import objectives, optimizers, parameterizations
from featurelens.engine.network import Network
from featurelens.engine.optimization import Recipe
from featurelens.engine.parameterizations import Size
from featurelens.engine.photograph import crop_and_resize
from featurelens.engine.regularizers import Regularizers
from featurelens.engine.transforms import Transform
from featurelens.jobs.spec import objectives as asked_objectives
from featurelens.jobs.spec.optimizers import OptimizerChoice
from featurelens.jobs.spec.parameterizations import CPPNParameters, LaplacianParameters, MaCoParameters, PixelParameters
from featurelens.jobs.spec.visualization import VisualizationSpec

T = TypeVar("T")
Photo = Callable[[str], bytes]
"""From a digest to the bytes of a PNG; raises `jobs.errors.UnknownPhoto`."""


def recipe(spec: VisualizationSpec, network: Network, photo: Photo) -> Recipe:
    """`spec` is resolved: every default is filled in."""
    if spec.size is None or spec.transform is None:
        raise ValueError("the spec is not resolved: defaults are not filled in")
    seen = None if spec.photo is None else _photograph(photo(spec.photo), spec.size, network.preprocessing.channels)
    asked = spec.objective
    return Recipe(
        objective=_objective(spec, network, seen),
        size=spec.size,
        steps=spec.steps,
        seed=spec.seed,
        pictures=spec.pictures,
        parameterization=_parameterization(spec, network.preprocessing.channels, seen),
        transform=Transform(**spec.transform.model_dump()),
        regularizers=Regularizers(
            **spec.regularizers.model_dump(),
            pull=asked.strength if isinstance(asked, asked_objectives.AccentuationObjective) else 0.0,
            home=seen,
        ),
        optimizer=_optimizer(spec.optimizer),
        learning_rate=spec.optimizer.learning_rate,
        anneal=spec.optimizer.anneal,
        leak=spec.optimizer.leak,
        snapshots=tuple(spec.snapshots),
    )


def _optimizer(asked: OptimizerChoice) -> optimizers.Optimizer:
    if asked.type == "gradient":
        return optimizers.Gradient()
    return (optimizers.NAdam if asked.type == "nadam" else optimizers.Adam)(beta1=_given(asked.beta1))


def _objective(spec: VisualizationSpec, network: Network, photo: Tensor | None) -> objectives.Objective:
    asked = spec.objective
    if isinstance(asked, asked_objectives.JointObjective):
        return objectives.Joint(tuple((term.weight, _unit(term)) for term in asked.terms))
    layer = _given(spec.layer)
    if isinstance(asked, asked_objectives.LayerObjective):
        return objectives.Layer(layer)
    if isinstance(asked, asked_objectives.ClassObjective):
        label = int(asked.label)
        kind = objectives.Channel if asked.value == "logit" else objectives.Probability
        return kind(layer, label, spec.sign)
    if isinstance(asked, asked_objectives.DirectionObjective):
        vector = asked.vector or objectives.random_direction(network.channels[layer], _given(asked.seed))
        positioned = asked.x is not None or asked.y is not None
        return objectives.Direction(layer, tuple(vector), spec.sign, asked.power, asked.x, asked.y, positioned)
    if isinstance(asked, asked_objectives.CaricatureObjective):
        return objectives.Caricature(layer, _given(photo), asked.power)
    if isinstance(asked, asked_objectives.InversionObjective):
        return objectives.Inversion(layer, _given(photo))
    channel = _given(spec.channel)
    if isinstance(asked, asked_objectives.NeuronObjective):
        return objectives.Neuron(layer, channel, spec.sign, asked.x, asked.y)
    unit = objectives.Channel(layer, channel, spec.sign)
    if isinstance(asked, asked_objectives.InterpolationObjective):
        other = objectives.Channel(asked.layer or layer, asked.channel, asked.sign)
        return objectives.Interpolation(unit, other, asked.pictures, asked.alignment)
    if isinstance(asked, asked_objectives.DiversityObjective):
        return objectives.Diversity(unit, asked.weight)
    return unit


def _unit(term: asked_objectives.Term) -> objectives.Objective:
    if term.x is None and term.y is None:
        return objectives.Channel(term.layer, term.channel, term.sign)
    return objectives.Neuron(term.layer, term.channel, term.sign, term.x, term.y)


def _parameterization(
    spec: VisualizationSpec, channels: int, photo: Tensor | None
) -> parameterizations.Parameterization:
    asked = spec.parameterization
    made: parameterizations.Parameterization
    if isinstance(spec.objective, asked_objectives.AccentuationObjective):
        return parameterizations.Photograph(_given(photo))
    if isinstance(asked, MaCoParameters):
        return parameterizations.MaCo(channels)
    if isinstance(asked, PixelParameters):
        made = parameterizations.Pixel(channels, decorrelate=asked.decorrelate)
    elif isinstance(asked, LaplacianParameters):
        made = parameterizations.Laplacian(channels, asked.levels)
    elif isinstance(asked, CPPNParameters):
        made = parameterizations.CPPN(channels, asked.layers, asked.width)
    elif isinstance(spec.objective, asked_objectives.InterpolationObjective):
        made = parameterizations.Shared(spec.pictures, channels, asked.decay)
    else:
        made = parameterizations.Fourier(channels, asked.decay, decorrelate=asked.decorrelate)
    return parameterizations.Alpha(made) if asked.alpha else made


def _photograph(png: bytes, size: Size, channels: int) -> Tensor:
    with Image.open(io.BytesIO(png)) as image:
        return crop_and_resize(image, size, channels)


def _given(value: T | None) -> T:
    if value is None:
        raise ValueError("the spec is not resolved: a part that its objective needs is missing")
    return value
