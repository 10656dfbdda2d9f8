"""What the catalogue says of a layer is what the layer says when it really runs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from featurelens.engine.extraction.hooks import read
from featurelens.jobs.catalog.entries import LayerEntry
from featurelens.worker.models.inspection.layers import describe
from featurelens.worker.models.meta_build import build_on_meta
from featurelens.worker.models.sources.torchvision_source import Torchvision

ARCHITECTURES = ["googlenet", "resnet18", "squeezenet1_1", "mobilenet_v3_small", "swin_t", "vit_b_32", "regnet_y_400mf"]


def shape(layer: LayerEntry) -> tuple[int, ...]:
    match layer.kind:
        case "vector":
            return (layer.channels,)
        case "tokens":
            return tuple(n for n in (layer.height, layer.width, layer.channels) if n is not None)
        case "spatial":
            return (layer.channels, layer.height or 0, layer.width or 0)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_shapes_without_weights_are_the_shapes_of_a_real_run(architecture: str, tmp_path: Path) -> None:
    source = Torchvision(tmp_path)
    entry = next(entry for entry in source.entries() if architecture in entry.aliases)
    empty = build_on_meta(lambda: source.build(entry))
    assert all(value.is_meta for value in empty.state_dict().values())
    with torch.device("meta"):
        layers = describe(empty, 3, entry.input_size).layers
    real = source.build(entry).eval()
    with torch.no_grad():
        readings = read(real, torch.rand(1, 3, *entry.input_size), [layer.name for layer in layers], follow=True)
    assert {layer.name: shape(layer) for layer in layers} == {
        name: tuple(reading.value.shape[1:]) for name, reading in readings.items()
    }
    assert {layer.name for layer in layers if layer.rectified} == {
        name for name, reading in readings.items() if reading.before is not None
    }
    classes = {layer.name: layer.channels for layer in layers}.get(entry.classes_layer or "")
    assert classes == 1000


def test_channels_are_found_first_and_last(tmp_path: Path) -> None:
    source = Torchvision(tmp_path)
    entry = next(entry for entry in source.entries() if "swin_t" in entry.aliases)
    with torch.device("meta"):
        layers = {
            layer.name: layer for layer in describe(build_on_meta(lambda: source.build(entry)), 3, (224, 224)).layers
        }
    assert (layers["features.0.0"].kind, layers["features.0.0"].channels) == ("spatial", 96)
    block = layers["features.3.1"]
    assert (block.kind, block.channels, block.height, block.width) == ("tokens", 192, 28, 28)
    assert (layers["permute"].kind, layers["permute"].channels) == ("spatial", 768)


class Odd(nn.Module):
    """Runs one module twice, one never, and answers from one without a tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.never = nn.Conv2d(1, 1, 1)
        self.twice = nn.AvgPool2d(2)
        self.filters = nn.Conv2d(1, 4, 3)
        self.note = Note()

    def forward(self, inputs: Tensor) -> Tensor:
        self.note(inputs)
        values: Tensor = self.twice(self.filters(self.twice(inputs)))
        return values


class Note(nn.Module):
    def forward(self, inputs: Tensor) -> str:
        return "seen"


def test_modules_run_never_twice_or_without_a_tensor() -> None:
    layers = describe(Odd(), 1, (28, 28)).layers
    assert [(layer.name, layer.channels, layer.height) for layer in layers] == [("twice", 1, 14), ("filters", 4, 12)]


def test_a_module_without_parameters_is_described() -> None:
    assert [layer.name for layer in describe(nn.Sequential(nn.ReLU(), nn.MaxPool2d(2)), 3, (32, 32)).layers] == [
        "0",
        "1",
    ]


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        ("resnet18", "layer4.1.add"),
        ("vit_b_32", "encoder.layers.encoder_layer_3.add"),
        ("densenet121", "relu"),
        ("swin_t", "features.1.0.add"),
        ("inception_v3", None),
    ],
)
def test_steps_between_modules_are_layers_too(architecture: str, expected: str | None, tmp_path: Path) -> None:
    source = Torchvision(tmp_path)
    entry = next(entry for entry in source.entries() if architecture in entry.aliases)
    with torch.device("meta"):
        layers = describe(build_on_meta(lambda: source.build(entry)), 3, entry.input_size).layers
    module = source.build(entry).eval()
    steps = [layer for layer in layers if layer.name not in dict(module.named_modules())]
    assert expected is None or expected in {layer.name for layer in steps}
    if not steps:
        return
    picture = torch.rand(1, 3, *entry.input_size)
    with torch.no_grad():
        readings = read(module, picture, [layer.name for layer in steps])
    assert {layer.name: shape(layer) for layer in steps} == {
        name: tuple(reading.value.shape[1:]) for name, reading in readings.items()
    }
