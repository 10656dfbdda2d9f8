"""Layers whose channels stand last are pictured like any other: the unit rises."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torchvision.models import SwinTransformer, VisionTransformer

from featurelens.engine.extraction.extractor import Extractor
from featurelens.engine.network import Network
from featurelens.engine.objectives import Channel
from featurelens.engine.optimization import Recipe
from featurelens.worker.models.inspection.layers import describe
from tests.support.lanes import alone
from tests.support.small_networks import network


def prepared(module: nn.Module) -> Network:
    """With what the registry would know of its layers."""
    bare = network(module.eval())
    layers = describe(module, 3, (32, 32)).layers
    last = frozenset(layer.name for layer in layers if layer.channels_last)
    return Network(bare.name, module, bare.preprocessing, bare.digest, channels_last=last)


@pytest.fixture(scope="module")
def swin() -> Network:
    torch.manual_seed(0)
    return prepared(SwinTransformer([4, 4], 24, [2, 2], [2, 4], [4, 4], num_classes=10))


@pytest.fixture(scope="module")
def vit() -> Network:
    torch.manual_seed(0)
    module = VisionTransformer(32, 8, 2, 2, 24, 48, num_classes=10)
    nn.init.normal_(module.heads.head.weight)  # torchvision starts it at zero
    return prepared(module)


@pytest.mark.parametrize("sign", ["positive", "negative"])
@pytest.mark.parametrize(
    ("which", "layer"), [("swin", "features.1.1"), ("swin", "features.3.1"), ("vit", "encoder.layers.encoder_layer_1")]
)
def test_the_unit_goes_where_it_is_asked_to(which: str, layer: str, sign: str, request: pytest.FixtureRequest) -> None:
    net: Network = request.getfixturevalue(which)
    sided = 1 if sign == "positive" else -1
    reached = {}
    for steps in (1, 24):
        recipe = Recipe(Channel(layer, 5, sign), (32, 32), steps=steps)  # type: ignore[arg-type]
        reached[steps] = alone(net, [layer], recipe).measures["activation"][0]
    assert sided * reached[24] > sided * reached[1]


def test_readings_come_channels_first(swin: Network) -> None:
    picture = torch.rand(2, 3, 32, 32)
    reading = Extractor(swin, ["features.0", "features.1.0", "features.3"])(picture)
    assert [tuple(found.value.shape) for found in reading.values()] == [(2, 24, 8, 8), (2, 24, 8, 8), (2, 48, 4, 4)]
    with torch.no_grad():
        own = swin.module.get_submodule("features")(picture)
    torch.testing.assert_close(reading["features.3"].value, own.permute(0, 3, 1, 2))
