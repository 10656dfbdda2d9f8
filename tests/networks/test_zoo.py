"""Every network of the zoo at every layer, both signs: what is told is what the network itself says."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from featurelens.engine.extraction.hooks import arranged, read
from featurelens.engine.lane import Lane
from featurelens.engine.network import Network
from featurelens.engine.objectives import Channel, Sign, feature_maps
from featurelens.engine.optimization import Recipe
from featurelens.engine.parameterizations import Fourier
from featurelens.jobs.catalog.entries import LayerEntry
from tests.support.zoo import NAMES, build, described

STEPS = 3


def own(name: str, layer: LayerEntry, pixels: Tensor, channel: int) -> tuple[float, float]:
    """What a new copy of the network says of `pixels` (H, W, C): the channel's mean, and the scale of the layer."""
    net, _, _ = build(name)
    picture = pixels.permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        readings = read(net.module, net.preprocessing(picture), [layer.name])
    last = [layer.name] if layer.channels_last else []
    reading = arranged(readings, last, {layer.name: layer.layout} if layer.layout is not None else {})[layer.name]
    maps = feature_maps(reading.value).float()
    return float(maps[0, channel].mean()), float(maps.abs().max())


def test_there_are_many() -> None:
    assert len(NAMES) >= 60


@pytest.mark.parametrize("name", NAMES)
def test_it_is_listed(name: str) -> None:
    assert described(name)


@pytest.mark.parametrize(("sign", "dtype"), [("positive", torch.bfloat16), ("negative", torch.float32)])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_told_is_what_the_network_says(name: str, sign: Sign, dtype: torch.dtype) -> None:
    """At every layer, in either precision."""
    wrong = {layer.name: fault for layer in described(name) if (fault := _wrong(name, layer, sign, dtype)) is not None}
    assert wrong == {}


def _wrong(name: str, layer: LayerEntry, sign: Sign, dtype: torch.dtype) -> str | None:
    """What is wrong with a picture of the layer's middle channel; None when nothing is."""
    net, channels, size = build(name)
    last = frozenset(one.name for one in described(name) if one.channels_last)
    layouts = {one.name: one.layout for one in described(name) if one.layout is not None}
    net = Network(net.name, net.module, net.preprocessing, net.digest, channels_last=last, layouts=layouts)
    channel = layer.channels // 2
    try:
        lane = Lane(net, [layer.name], (size, size), dtype=dtype)
        recipe = Recipe(
            Channel(layer.name, channel, sign), (size, size), STEPS, parameterization=Fourier(channels=channels)
        )
        made = lane.join(recipe)
        while lane.optimizations:
            lane.tick()
        if made.failure is not None:
            return str(made.failure)
        result = lane.result(made)
    except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"
    told, (says, scale) = result.measures["activation"][0], own(name, layer, result.pixels[0], channel)
    return None if math.isclose(told, says, rel_tol=1e-4, abs_tol=1e-5 + 1e-4 * scale) else f"{told} is not {says}"
