"""What a picture is optimized for: a number read off the network's activations."""

from worker.engine.objectives.base import Objective, Read, Readings, Sign, feature_maps
from worker.engine.objectives.compositions import Diversity, Interpolation, Joint
from worker.engine.objectives.directions import Direction, random_direction
from worker.engine.objectives.photographs import Caricature, Inversion
from worker.engine.objectives.units import Channel, Layer, Neuron, Probability

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
