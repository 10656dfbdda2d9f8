"""The example of an own network, with its real weights, on real photographs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from featurelens.jobs.settings import Settings
from featurelens.worker.models.registry import Registry
from tests.support.tiny_darknet import SHARED, link, needs_weights

pytestmark = needs_weights


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    folder = tmp_path_factory.mktemp("darknet")
    link(folder / "models")
    return Registry(Settings(state=folder / "state", models=folder / "models"), apart=False)


@pytest.mark.parametrize(
    ("photograph", "names", "least"),
    [
        ("bird.jpg", {"chickadee"}, 0.98),
        ("parrot.jpg", {"macaw"}, 0.99),
        ("dragonfly.jpg", {"dragonfly"}, 0.6),
        ("hot_dog.jpg", {"hotdog"}, 0.55),
        ("cat.jpg", {"Egyptian cat", "tiger cat", "tabby"}, 0.9),
    ],
)
def test_photographs_are_named(registry: Registry, photograph: str, names: set[str], least: float) -> None:
    network = registry.load("tiny_darknet")
    with Image.open(SHARED / "images" / photograph) as image:
        crop = ImageOps.fit(image.convert("RGB"), (224, 224), Image.Resampling.BICUBIC)
    picture = torch.from_numpy(np.asarray(crop).copy()).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        share = network.module(network.preprocessing(picture)).softmax(1)[0]
    assert network.labels is not None
    assert sum(float(share[i]) for i, label in enumerate(network.labels) if label in names) >= least


def test_layers_are_those_of_the_published_table(registry: Registry) -> None:
    layers = {layer.name: layer for layer in registry.describe("tiny_darknet")}
    assert [layers[f"conv{n}"].channels for n in (1, 4, 10, 14, 16)] == [16, 128, 256, 512, 1000]
    assert (layers["conv14"].height, layers["conv14"].width) == (14, 14)
    assert not any(layer.rectified for layer in layers.values())
