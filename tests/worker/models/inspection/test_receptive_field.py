"""Receptive fields, strides and branches: as published, and as gradients show them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from featurelens.engine.extraction.hooks import read
from featurelens.jobs.catalog.entries import LayerEntry
from featurelens.jobs.settings import Settings
from featurelens.worker.models.inspection.layers import describe
from featurelens.worker.models.registry import Registry


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return Registry(Settings(state=tmp_path_factory.mktemp("state")))


def described(registry: Registry, name: str) -> dict[str, LayerEntry]:
    return {layer.name: layer for layer in registry.describe(name)}


@pytest.mark.parametrize(
    ("name", "layer", "size", "stride"),
    [  # Araujo, Norris, Sim, "Computing receptive fields of convolutional neural networks", Distill 2019
        ("alexnet", "features.12", 195, 32),
        ("vgg16", "features.30", 212, 32),
        ("resnet50", "layer4.2", 427, 32),  # 483 with the strides of the paper, which torchvision moved
    ],
)
def test_published_receptive_fields(registry: Registry, name: str, layer: str, size: int, stride: int) -> None:
    found = described(registry, name)[layer]
    assert (found.receptive_field, found.stride) == ((size, size), (stride, stride))


class Mixed(nn.Module):
    """All that fields go through: strides, padding, dilation, a sum, a shuffle, branches, permutation, a gate."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, (3, 5), stride=(2, 1), padding=(1, 2))
        self.pad = nn.ZeroPad2d((2, 1, 3, 0))
        self.same = nn.Conv2d(8, 8, (4, 3), padding="same")
        self.pool = nn.AvgPool2d(2)
        self.wide = nn.Conv2d(8, 8, 3, dilation=2, padding=2)
        self.left = nn.Conv2d(8, 4, 1)
        self.right = nn.Conv2d(8, 6, 3, padding=1)
        self.joined = Joined()
        self.norm = nn.LayerNorm(10)
        self.mix = nn.Linear(10, 10)
        self.gate = Gate()

    def forward(self, inputs: Tensor) -> Tensor:
        value = self.pool(self.same(self.pad(self.stem(inputs))))
        value = self.wide(value) + value
        batch, channels, height, width = value.shape
        value = value.view(batch, 2, channels // 2, height, width).transpose(1, 2).reshape(value.shape)
        value = self.joined(value, [self.left(value), self.right(value)])
        value = self.mix(self.norm(value.permute(0, 2, 3, 1)))
        gated: Tensor = self.gate(value.permute(0, 3, 1, 2))
        return gated


class Joined(nn.Module):
    def forward(self, _value: Tensor, parts: list[Tensor]) -> Tensor:
        return torch.cat(parts, 1)


class Gate(nn.Module):
    def forward(self, value: Tensor) -> Tensor:
        return value * value.mean((2, 3), keepdim=True).sigmoid()


Seen = tuple[tuple[int, int], tuple[int, int]]


def told(layer: LayerEntry) -> Seen:
    """First row and column, and height and width, of what the middle position sees of a picture of its own size."""
    assert layer.start is not None
    assert layer.stride is not None
    assert layer.receptive_field is not None
    height, width = layer.height or 0, layer.width or 0
    start, stride = layer.start, layer.stride
    return (start[0] + height // 2 * stride[0], start[1] + width // 2 * stride[1]), layer.receptive_field


def seen(module: nn.Module, layer: str, channels_last: bool) -> Seen:
    """The same by gradient."""
    picture = torch.rand(1, 3, 64, 64, requires_grad=True)
    value = read(module, picture, [layer])[layer].value
    value = value.permute(0, 3, 1, 2) if channels_last else value
    slope = torch.autograd.grad(value[0, :, value.shape[2] // 2, value.shape[3] // 2].abs().sum(), picture)[0]
    rows, columns = slope[0].abs().sum(0).nonzero().unbind(1)
    size = (int(rows.max() - rows.min()) + 1, int(columns.max() - columns.min()) + 1)
    return (int(rows.min()), int(columns.min())), size


def test_gradients_see_as_much() -> None:
    torch.manual_seed(0)
    module = Mixed().eval()
    layers = {layer.name: layer for layer in describe(module, 3, (64, 64)).layers}
    for name in ("stem", "pad", "same", "pool", "wide", "left", "right", "joined", "norm", "mix"):
        assert told(layers[name]) == seen(module, name, layers[name].kind == "tokens"), name
    assert layers["mix"].stride == (4, 2)
    assert layers["gate"].receptive_field is None


def test_gradients_see_as_much_in_patternnet(registry: Registry) -> None:
    module = registry.load("patternnet").module
    for name in ("conv4", "logits"):
        layer = described(registry, "patternnet")[name]
        start, stride = layer.start, layer.stride
        assert start is not None
        assert stride is not None
        place = (start[0] + 10 * stride[0], start[1] + 10 * stride[1])
        assert (place, layer.receptive_field) == seen_wide(module, name)


def seen_wide(module: nn.Module, layer: str) -> Seen:
    """The same on a larger picture, before any ReLU closes: all weights positive."""
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, nn.Conv2d):
                part.weight.fill_(0.01)
            if isinstance(part, nn.BatchNorm2d):
                part.reset_parameters()
    picture = torch.ones(1, 3, 160, 160, requires_grad=True)
    value = read(module, picture, [layer])[layer].value
    slope = torch.autograd.grad(value[0, :, 10, 10].sum(), picture)[0]
    rows, columns = slope[0].abs().sum(0).nonzero().unbind(1)
    size = (int(rows.max() - rows.min()) + 1, int(columns.max() - columns.min()) + 1)
    return (int(rows.min()), int(columns.min())), size


def test_attention_and_gates_have_no_receptive_field(registry: Registry) -> None:
    vit = described(registry, "vit_b_32")
    assert vit["conv_proj"].receptive_field == vit["conv_proj"].stride == (32, 32)
    assert vit["encoder.layers.encoder_layer_0"].receptive_field is None
    assert described(registry, "mobilenet_v3_small")["features.8"].receptive_field is None


def test_branches_of_googlenet(registry: Registry) -> None:
    layer = described(registry, "googlenet")["inception4a"]
    assert [(branch.name, branch.layer, branch.first, branch.channels) for branch in layer.branches] == [
        ("1x1", "inception4a.branch1", 0, 192),
        ("3x3", "inception4a.branch2", 192, 208),
        ("3x3", "inception4a.branch3", 400, 48),
        ("pool", "inception4a.branch4", 448, 64),
    ]
    assert "5x5" in layer.branches[2].note
    assert not described(registry, "googlenet")["inception4a.branch2"].branches


def test_branches_of_other_concatenations(registry: Registry) -> None:
    dense = described(registry, "densenet121")["features.denseblock1"]
    assert [branch.layer for branch in dense.branches][:2] == ["features.pool0", "features.denseblock1.denselayer1"]
    assert dense.branches[0].name == "input"
    assert sum(branch.channels for branch in dense.branches) == dense.channels
    nested = described(registry, "inception_v3")["Mixed_7c"]
    assert [branch.name for branch in nested.branches] == ["1x1", "1x3", "3x1", "3x5", "5x3", "pool"]


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("resnet50", ["layer1.2", "layer2.3", "layer3.5", "layer4.2", "fc"]),
        ("patternnet", ["conv1", "conv2", "conv3", "conv4", "conv5", "conv6", "logits"]),
        ("swin_t", ["features.1.1", "features.3.1", "features.5.5", "features.7.1", "head"]),
        ("squeezenet1_1", [*(f"features.{n}" for n in (3, 4, 6, 7, 9, 10, 11, 12)), "classifier.1"]),
    ],
)
def test_recommended_layers(registry: Registry, name: str, names: list[str]) -> None:
    assert [layer.name for layer in registry.describe(name) if layer.recommended] == names


def test_every_own_network_has_something_recommended() -> None:
    plain = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(4 * 26 * 26, 10))
    assert [layer.name for layer in describe(plain, 1, (28, 28)).layers if layer.recommended] == ["0"]
