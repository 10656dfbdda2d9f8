"""One step of gradient ascent at every layer, as the service makes it, held against the network as it was written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from featurelens.engine.activations import respond
from featurelens.engine.lane import Lane
from featurelens.engine.network import Network
from featurelens.engine.objectives import Channel
from featurelens.engine.optimization import Recipe, Rendering
from featurelens.engine.parameterizations import Fourier, Size
from featurelens.engine.precision import best_dtype
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry

SIDE = 64
"""Pixels, where the network takes pictures as small: enough to see whether it works."""

TOLERANCE = 5e-3
"""Of the layer's largest activation: rounding on any device is less, another function more."""


def small_size(entry: ModelEntry) -> Size:
    """Height and width for a step that is soon made."""
    if entry.fixed_size:
        return entry.input_size
    height, width = (min(side, max(SIDE, entry.min_size)) for side in entry.input_size)
    return height, width


def wrong_layers(
    network: Network, layers: Sequence[LayerEntry], size: Size, device: torch.device
) -> Iterator[tuple[str, str]]:
    """Names of layers where a step fails or tells another activation than the network has, and what is wrong."""
    for layer in layers:
        try:
            unit, largest = _awake(network, layer.name, size)
            result = _step(network, Channel(layer.name, unit), size, device)
            told, own = result.measures["activation"][0], _own(network, layer.name, unit, result)
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001  # the network's code may raise anything
            yield layer.name, f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        else:
            if not abs(told - own) <= TOLERANCE * largest + 1e-6:
                yield layer.name, f"a picture's activation is told as {told:.4g}, the network itself has {own:.4g}"


def _step(network: Network, objective: Channel, size: Size, device: torch.device) -> Rendering:
    """After one step. Raises whatever went wrong."""
    lane = Lane(network, objective.layers, size, dtype=best_dtype(device), device=device, limit=1)
    parameterization = Fourier(channels=network.preprocessing.channels)
    optimization = lane.join(Recipe(objective, size, steps=1, parameterization=parameterization))
    lane.tick()
    if optimization.failure is not None:
        raise optimization.failure
    return lane.result(optimization)


def _awake(network: Network, layer: str, size: Size) -> tuple[int, float]:
    """The unit that responds most to noise, and the layer's largest activation, whatever its sign."""
    noise = torch.rand(network.preprocessing.channels, *size, generator=torch.Generator().manual_seed(0))
    response = respond(network, noise, [layer], units=1)[layer]
    return response.highest_mean[0].channel, max(abs(response.highest[0].value), abs(response.lowest[0].value))


def _own(network: Network, layer: str, unit: int, result: Rendering) -> float:
    """The unit's mean activation in the untouched network."""
    picture: Tensor = result.pixels[0].permute(2, 0, 1).float() / 255
    response = respond(network, picture, [layer], units=network.channels[layer])[layer]
    return next(one.value for one in response.highest_mean if one.channel == unit)
