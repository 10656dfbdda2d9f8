"""What a picture is optimized for: a number read off the network's activations."""

from featurelens.engine.objectives.base import Objective, Read, Readings, Sign, feature_maps
from featurelens.engine.objectives.compositions import Diversity, Interpolation, Joint
from featurelens.engine.objectives.directions import Direction, random_direction
from featurelens.engine.objectives.photographs import Caricature, Inversion
from featurelens.engine.objectives.units import Channel, Layer, Neuron, Probability

__all__ = [
    "Caricature",
    "Channel",
    "Direction",
    "Diversity",
    "Interpolation",
    "Inversion",
    "Joint",
    "Layer",
    "Neuron",
    "Objective",
    "Probability",
    "Read",
    "Readings",
    "Sign",
    "feature_maps",
    "random_direction",
]
