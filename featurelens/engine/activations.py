"""What a network sees in one picture: a forward pass, and which units of its layers respond most and least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from featurelens.engine.extraction.hooks import Reading
from featurelens.engine.extraction.untouched import read_untouched
from featurelens.engine.network import Network
from featurelens.engine.objectives import feature_maps


@dataclass(frozen=True)
class UnitResponse:
    """A channel and what it says: an extreme of its feature map at column `x` and row `y`, or the mean of the map.

    `x` and `y` count from the top left of the feature map; None for a mean, and in layers without positions.
    """

    channel: int
    value: float
    x: int | None = None
    y: int | None = None


@dataclass(frozen=True)
class LayerResponse:
    """The units of one layer that respond most and least, each list sorted, the most extreme first.

    `highest` and `highest_mean` are activations: what the layer answers. `lowest` and `lowest_mean` are pre-activations
    where the layer ends in ReLU (`preactivation`), because there all activations are zero that could tell units apart.
    `height` and `width` are those of the feature maps, in positions.
    """

    channels: int
    height: int
    width: int
    preactivation: bool
    highest: tuple[UnitResponse, ...]
    lowest: tuple[UnitResponse, ...]
    highest_mean: tuple[UnitResponse, ...]
    lowest_mean: tuple[UnitResponse, ...]


@dataclass(frozen=True)
class ClassResponse:
    """A class, its logit and its softmax probability over all classes."""

    channel: int
    logit: float
    probability: float


@torch.no_grad()
def respond(network: Network, picture: Tensor, layers: Sequence[str], units: int = 10) -> dict[str, LayerResponse]:
    """Shows `picture` (C, H, W) in [0, 1] to the network as its author wrote it, in float32.

    Returns for each layer, by name, the `units` that respond most and least (all, where a layer has fewer). Raises
    KeyError for a layer that is not there, ValueError for one that the pass never reaches.
    """
    readings = read_untouched(network, network.preprocessing(picture[None]), layers)
    return {name: _summary(readings[name], units) for name in layers}


@torch.no_grad()
def classify(network: Network, picture: Tensor, layer: str, classes: int = 10) -> list[ClassResponse]:
    """The most probable classes, the likeliest first; `layer` has a channel per class.

    Where it answers per position, logits are averaged over positions first. `picture` as for `respond`.
    """
    reading = read_untouched(network, network.preprocessing(picture[None]), [layer])[layer]
    logits = feature_maps(reading.value)[0].float().mean((1, 2))
    probabilities = logits.softmax(0)
    best = probabilities.argsort(descending=True, stable=True)[:classes].tolist()
    return [ClassResponse(index, float(logits[index]), float(probabilities[index])) for index in best]


def _summary(reading: Reading, units: int) -> LayerResponse:
    maps = feature_maps(reading.value)[0].float().cpu()
    below = maps if reading.before is None else feature_maps(reading.before)[0].float().cpu()
    channels, height, width = maps.shape
    return LayerResponse(
        channels=channels,
        height=height,
        width=width,
        preactivation=reading.before is not None,
        highest=_extremes(maps, units, sign=1),
        lowest=_extremes(below, units, sign=-1),
        highest_mean=_means(maps, units, sign=1),
        lowest_mean=_means(below, units, sign=-1),
    )


def _extremes(maps: Tensor, units: int, sign: int) -> tuple[UnitResponse, ...]:
    """By the largest value (`sign` 1) or the smallest (-1) of each of `maps` (C, H, W)."""
    _, height, width = maps.shape
    values, places = (maps.flatten(1) * sign).max(1)
    found = []
    for channel in _best(values, units):
        y, x = divmod(int(places[channel]), width) if height * width > 1 else (None, None)
        found.append(UnitResponse(channel, float(values[channel]) * sign, x, y))
    return tuple(found)


def _means(maps: Tensor, units: int, sign: int) -> tuple[UnitResponse, ...]:
    values = maps.mean((1, 2)) * sign
    return tuple(UnitResponse(channel, float(values[channel]) * sign) for channel in _best(values, units))


def _best(values: Tensor, units: int) -> list[int]:
    """Indices of the largest, ties in the order of the channels."""
    best: list[int] = values.argsort(descending=True, stable=True)[:units].tolist()
    return best
