"""From a resolved spec to the engine's recipe.

Every `match` ends in `assert_never`: mypy refuses a type of the spec that has no case.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, assert_never

from torch import Tensor

from featurelens.engine import objectives, optimizers, parameterizations
from featurelens.engine.network import Network
from featurelens.engine.optimization import Recipe
from featurelens.engine.regularizers import Regularizers
from featurelens.engine.transforms import Transform
from featurelens.jobs.spec.objectives import (
    AccentuationObjective,
    CaricatureObjective,
    ChannelObjective,
    ClassObjective,
    DirectionObjective,
    DiversityObjective,
    InterpolationObjective,
    InversionObjective,
    JointObjective,
    LayerObjective,
    NeuronObjective,
    Term,
)
from featurelens.jobs.spec.optimizers import OptimizerChoice
from featurelens.jobs.spec.parameterizations import (
    CPPNParameters,
    FourierParameters,
    LaplacianParameters,
    MaCoParameters,
    PixelParameters,
)
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.worker.renderer.photograph import decoded

T = TypeVar("T")
Photo = Callable[[str], bytes]
"""From the digest of a photograph to its PNG; raises `jobs.errors.UnknownPhoto`."""


def recipe(spec: VisualizationSpec, network: Network, photo: Photo) -> Recipe:
    """`spec` is resolved: every default is filled in."""
    if spec.size is None or spec.transform is None:
        raise ValueError("the spec is not resolved: defaults are not filled in")
    seen = None if spec.photo is None else decoded(photo(spec.photo), spec.size, network)
    return Recipe(
        objective=_objective(spec, network, seen),
        size=spec.size,
        steps=spec.steps,
        seed=spec.seed,
        pictures=spec.pictures,
        parameterization=_parameterization(spec, network.preprocessing.channels, seen),
        transform=Transform(**spec.transform.model_dump()),
        regularizers=Regularizers(**spec.regularizers.model_dump(), pull=spec.objective.pull, home=seen),
        optimizer=_optimizer(spec.optimizer),
        learning_rate=spec.optimizer.learning_rate,
        anneal=spec.optimizer.anneal,
        leak=spec.optimizer.leak,
        snapshots=tuple(spec.snapshots),
    )


def _optimizer(asked: OptimizerChoice) -> optimizers.Optimizer:
    match asked.type:
        case "adam":
            return optimizers.Adam(beta1=_given(asked.beta1))
        case "nadam":
            return optimizers.NAdam(beta1=_given(asked.beta1))
        case "gradient":
            return optimizers.Gradient()
        case unknown:
            assert_never(unknown)


def _objective(spec: VisualizationSpec, network: Network, photo: Tensor | None) -> objectives.Objective:
    match spec.objective:
        case ChannelObjective() | AccentuationObjective():
            return _channel(spec)
        case NeuronObjective(x=x, y=y):
            return objectives.Neuron(_given(spec.layer), _given(spec.channel), spec.sign, x, y)
        case LayerObjective():
            return objectives.Layer(_given(spec.layer))
        case ClassObjective() as asked:
            return _class(spec, asked)
        case DirectionObjective(x=x, y=y) as asked:
            layer = _given(spec.layer)
            vector = asked.vector or objectives.random_direction(network.channels[layer], _given(asked.seed))
            positioned = x is not None or y is not None
            return objectives.Direction(layer, tuple(vector), spec.sign, asked.power, x, y, positioned)
        case JointObjective(terms=terms):
            return objectives.Joint(tuple((term.weight, _term(term)) for term in terms))
        case InterpolationObjective() as asked:
            other = objectives.Channel(_given(asked.layer), asked.channel, asked.sign)
            return objectives.Interpolation(_channel(spec), other, asked.pictures, asked.alignment)
        case DiversityObjective(weight=weight):
            return objectives.Diversity(_channel(spec), weight)
        case CaricatureObjective(power=power):
            return objectives.Caricature(_given(spec.layer), _given(photo), power)
        case InversionObjective():
            return objectives.Inversion(_given(spec.layer), _given(photo))
        case unknown:
            assert_never(unknown)


def _channel(spec: VisualizationSpec) -> objectives.Channel:
    return objectives.Channel(_given(spec.layer), _given(spec.channel), spec.sign)


def _class(spec: VisualizationSpec, asked: ClassObjective) -> objectives.Objective:
    layer, index = _given(spec.layer), int(asked.label)
    match asked.value:
        case "logit":
            return objectives.Channel(layer, index, spec.sign)
        case "probability":
            return objectives.Probability(layer, index, spec.sign)
        case unknown:
            assert_never(unknown)


def _term(term: Term) -> objectives.Objective:
    if term.x is None and term.y is None:
        return objectives.Channel(term.layer, term.channel, term.sign)
    return objectives.Neuron(term.layer, term.channel, term.sign, term.x, term.y)


def _parameterization(
    spec: VisualizationSpec, channels: int, photo: Tensor | None
) -> parameterizations.Parameterization:
    made: parameterizations.Parameterization
    match spec.parameterization:
        case FourierParameters() as asked:
            # Some pictures have spectra of their own, in which not every field of the spectrum means something: a
            # photograph has its own falloff and is opaque, a strip's colours are always decorrelated.
            if spec.objective.starts_from_photo:
                return parameterizations.Photograph(_given(photo))
            if isinstance(spec.objective, InterpolationObjective):
                made = parameterizations.Shared(spec.pictures, channels, asked.decay)
            else:
                made = parameterizations.Fourier(channels, asked.decay, decorrelate=asked.decorrelate)
        case PixelParameters() as asked:
            made = parameterizations.Pixel(channels, decorrelate=asked.decorrelate)
        case LaplacianParameters() as asked:
            made = parameterizations.Laplacian(channels, asked.levels)
        case MaCoParameters():
            return parameterizations.MaCo(channels)
        case CPPNParameters() as asked:
            made = parameterizations.CPPN(channels, asked.layers, asked.width)
        case unknown:
            assert_never(unknown)
    return parameterizations.Alpha(made) if asked.alpha else made


def _given(value: T | None) -> T:
    if value is None:
        raise ValueError("the spec is not resolved: a part that its objective needs is missing")
    return value
