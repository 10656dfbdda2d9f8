"""Networks of the zoo at every layer: what is told of a unit's weights is the gradient behind them, in float64."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from featurelens.engine.extraction.hooks import read
from featurelens.engine.filters import Filters, Summand, filters_of
from featurelens.engine.network import Network
from featurelens.engine.objectives import feature_maps
from tests.support.zoo import NAMES, build, described

EXACT = (
    *("bands_13", "channel_shuffle", "clamped", "depth", "depthwise", "dilated", "inception", "lenet", "norm_first"),
    *("pool_before_relu", "reflected", "relu_statement", "same_padding", "shared_weight", "spectral_norm"),
    *("split_halves", "squeeze_excite", "standardized", "strided_even", "table_beside", "unet", "weight_norm"),
)
"""Of those whose layers of weights are modules with nothing behind them but what gradients pass unchanged."""
PASSED = {"batch_norm", "relu", "relu6", "clamp", "cat"}


def filters(name: str) -> list[tuple[Network, str, int, Filters]]:
    """Of the middle channel of each layer, of many layers some; the network names no others."""
    net, _, size = build(name)
    layers = described(name)
    net = Network(
        name,
        net.module.double() if name in EXACT else net.module,
        net.preprocessing,
        channels_last=frozenset(one.name for one in layers if one.channels_last),
        layouts={one.name: one.layout for one in layers if one.layout is not None},
        channels={one.name: one.channels for one in layers},
    )
    wanted = [(layer.name, layer.channels // 2) for layer in layers[:: len(layers) // 8 + 1]]
    return [(net, layer, channel, filters_of(net, layer, channel, (size, size))) for layer, channel in wanted]


@pytest.mark.parametrize("name", NAMES)
def test_every_unit_has_an_answer(name: str) -> None:
    """Weights, or the reason why there are none; and every unit that is named is one of the catalog."""
    units = {layer.name: layer.channels for layer in described(name)}
    for _, layer, _, found in filters(name):
        assert found.summands or found.unknown, layer
        lists = (found.incoming, found.outgoing, found.expanded)
        for one in (one for some in lists for one in (*some.positive, *some.negative)):
            assert one.layer is None or one.channel < units[one.layer], (layer, one.layer)


@pytest.mark.parametrize("name", EXACT)
def test_weights_are_gradients(name: str) -> None:
    compared = 0
    for network, layer, channel, found in filters(name):
        for part in found.summands:
            if part.layer is None or not {step.function for step in part.through} <= PASSED:
                continue
            gradient = behind(network.module, part, layer, channel, network.preprocessing.channels, build(name)[2])
            weights = part.kernel.weights
            for told, there in ((weights.norm(), gradient.norm()), (weights.sum(), gradient.sum())):
                assert math.isclose(float(told), float(there), rel_tol=1e-6, abs_tol=1e-8), (layer, part.layer)
            compared += 1
    assert compared


def behind(module: nn.Module, part: Summand, layer: str, unit: int, channels: int, size: int) -> Tensor:
    """The gradient of what the unit says, before a rectifier, in the middle, by what the weights of `part` take."""
    assert part.layer is not None
    shifts: list[Tensor] = []

    def shifted(_module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
        if shifts:
            return None
        shifts.append(torch.zeros_like(args[0], requires_grad=True))
        return (args[0].detach() - shifts[0], *args[1:])  # a sum would be a step with a name

    handle = module.get_submodule(part.layer).register_forward_pre_hook(shifted)
    picture = torch.randn(1, channels, size, size, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    try:
        with torch.enable_grad():
            reading = read(module, picture, [layer], follow=True)[layer]
            maps = feature_maps(reading.value if reading.before is None else reading.before)
            (gradient,) = torch.autograd.grad(-maps[0, unit, maps.shape[2] // 2, maps.shape[3] // 2], shifts)
    finally:
        handle.remove()
    return gradient


def test_a_vision_transformer() -> None:
    """The patch embedding's kernels as they are, and rows of the MLP."""
    net, _, size = build("vision_transformer")
    block = "encoder.layers.encoder_layer_0"

    def weights(name: str, unit: int) -> Tensor:
        weight: Tensor = net.module.get_parameter(f"{name}.weight")[unit].double()
        return weight

    kernel = filters_of(net, "conv_proj", 3, (size, size)).picture
    assert kernel is not None
    assert torch.equal(kernel, weights("conv_proj", 3))
    for layer, fed_by in ((f"{block}.mlp.0", f"{block}.ln_2"), (f"{block}.mlp.3", f"{block}.mlp.1")):
        found = filters_of(net, layer, 1, (size, size), 10_000)
        units = (*found.incoming.positive, *found.incoming.negative)
        assert {one.layer for one in units} == {fed_by}
        row = weights(layer, 1)
        assert found.incoming.count == len(row)
        assert {one.channel: one.sum for one in units} == dict(enumerate(row.tolist()))
    (skip, *_) = filters_of(net, f"{block}.mlp.3", 1, (size, size)).outgoing.positive
    assert (skip.layer, skip.channel, skip.sum) == (block, 1, 1.0)
