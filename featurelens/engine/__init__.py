"""The mathematics of feature visualization in pure PyTorch. Knows no Redis, no HTTP, no sockets."""

from featurelens.engine.network import IMAGENET, Network, Preprocessing
from featurelens.engine.objectives import (
    Caricature,
    Channel,
    Direction,
    Diversity,
    Interpolation,
    Inversion,
    Joint,
    Layer,
    Neuron,
    Probability,
)
from featurelens.engine.optimization import Recipe, Rendering
from featurelens.engine.render import render

VERSION = "6"
"""Part of every key: raise it when the same spec would give another picture."""

__all__ = [
    "IMAGENET",
    "VERSION",
    "Caricature",
    "Channel",
    "Direction",
    "Diversity",
    "Interpolation",
    "Inversion",
    "Joint",
    "Layer",
    "Network",
    "Neuron",
    "Preprocessing",
    "Probability",
    "Recipe",
    "Rendering",
    "render",
]
