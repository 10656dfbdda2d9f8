"""From what was asked (a resolved spec) to what the engine makes (a recipe)."""

from __future__ import annotations

from jobs.spec import VisualizationSpec
from worker.engine.network import Network
from worker.engine.objectives import Channel
from worker.engine.parameterizations import Fourier
from worker.engine.render import Recipe


def recipe(spec: VisualizationSpec, network: Network) -> Recipe:
    """`spec` is resolved: its size is filled in."""
    if spec.size is None:
        raise ValueError("the spec is not resolved: size is not filled in")
    return Recipe(
        objective=Channel(spec.layer, spec.channel, spec.sign),
        size=spec.size,
        steps=spec.steps,
        seed=spec.seed,
        parameterization=Fourier(channels=network.preprocessing.channels),
    )
