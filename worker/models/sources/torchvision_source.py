"""torchvision's classification networks with every set of weights that torchvision publishes for them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import torchvision
from torch import Tensor, nn
from torchvision.models import WeightsEnum, get_model, get_model_builder, get_model_weights, list_models

from featurelens.engine import VERSION
from featurelens.engine.network import Network, Preprocessing
from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.worker.models.inspection.layout import ChannelOrder
from featurelens.worker.models.sources.download import fetch, marked, published_name
from featurelens.worker.models.sources.fit import fit
from featurelens.worker.models.sources.weights_file import read_weights

_BARE: dict[str, Any] = {"init_weights": False, "aux_logits": False, "transform_input": False}
_ARGUMENTS: dict[str, dict[str, Any]] = {"googlenet": _BARE, "inception": _BARE}
"""Per torchvision file: without auxiliary heads, and normalizing outside, where it is data."""
_SIZE_ARGUMENT = {"vision_transformer": "image_size", "maxvit": "input_size"}
"""Per torchvision file whose networks are built for one input size: the argument that sets it."""
_CLASSES = {
    "alexnet": "classifier.6",
    "convnext": "classifier.2",
    "densenet": "classifier",
    "efficientnet": "classifier.1",
    "googlenet": "fc",
    "inception": "fc",
    "maxvit": "classifier.5",
    "mnasnet": "classifier.1",
    "mobilenetv2": "classifier.1",
    "mobilenetv3": "classifier.3",
    "regnet": "fc",
    "resnet": "fc",
    "shufflenetv2": "fc",
    "squeezenet": "classifier.1",
    "swin_transformer": "head",
    "vgg": "classifier.6",
    "vision_transformer": "heads.head",
}
"""Per torchvision file: the layer with one channel per class. A file not listed has none in the catalog."""
_AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")
_OLD_DENSENET = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)$")
_INSIDE = Preprocessing((0.5,) * 3, (0.5,) * 3)
"""What `transform_input` leaves of ImageNet's normalization: ((p - m)/s) * s/0.5 + (m - 0.5)/0.5 = (p - 0.5)/0.5."""


class Torchvision:
    """Enumerated from torchvision's own registry. `cache` is the folder of downloaded weights."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    @cached_property
    def _entries(self) -> list[ModelEntry]:
        return [
            self._entry(architecture, weights)
            for architecture in list_models(module=torchvision.models)
            for weights in get_model_weights(architecture)
        ]

    def _entry(self, architecture: str, weights: WeightsEnum) -> ModelEntry:
        file = _file(architecture)
        chosen = get_model_weights(architecture).DEFAULT is weights
        short = f"{architecture}@{weights.name}"
        side = int(weights.transforms().crop_size[0])
        labels = weights.meta.get("categories")
        accuracy = weights.meta.get("_metrics", {}).get("ImageNet-1K", {}).get("acc@1")
        millions = weights.meta["num_params"] / 1e6
        return ModelEntry(
            name=f"torchvision:{short}",
            aliases=(short, *((architecture, f"torchvision:{architecture}") if chosen else ())),
            source="torchvision",
            architecture=architecture,
            digest=f"torchvision:{published_name(weights.url)}",
            renderer=VERSION,
            downloaded=False,
            input_channels=3,
            input_size=(side, side),
            min_size=side if file in _SIZE_ARGUMENT else max(1, *weights.meta["min_size"]),
            fixed_size=file in _SIZE_ARGUMENT,
            labels=tuple(labels) if labels else None,
            classes_layer=_CLASSES.get(file) if labels else None,
            parameters=weights.meta["num_params"],
            description=f"{millions:.1f} million parameters"
            + (f", ImageNet top-1 {accuracy:.1f} %" if accuracy else "")
            + ("" if labels else "; feature layers only: its classifier was not trained"),
        )

    def entries(self) -> list[ModelEntry]:
        return marked(self._entries, self._cache)

    def build(self, entry: ModelEntry) -> nn.Module:
        file = _file(entry.architecture)
        arguments = dict(_ARGUMENTS.get(file, {}))
        if entry.labels is not None:
            arguments["num_classes"] = len(entry.labels)
        match _SIZE_ARGUMENT.get(file):
            case "image_size":
                arguments["image_size"] = entry.input_size[0]
            case "input_size":
                arguments["input_size"] = entry.input_size
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module: nn.Module = get_model(entry.architecture, weights=None, **arguments)
        return module

    def load(self, entry: ModelEntry) -> Network:
        weights = _weights(entry)
        path, digest = fetch(weights.url, self._cache)
        state = read_weights(path)
        module = self.build(entry)
        fit(module, _renamed(state), entry.name)
        return Network(entry.name, module, _preprocessing(entry, weights), entry.digest, entry.labels, sha256=digest)

    def orders(self, entry: ModelEntry) -> Mapping[str, ChannelOrder]:
        return {}

    def blueprint(self, entry: ModelEntry) -> str | None:
        height, width = entry.input_size
        version = torchvision.__version__.split("+")[0]
        return f"torchvision-{version}-{entry.architecture}-{height}x{width}"


def _file(architecture: str) -> str:
    """The torchvision file an architecture is written in, its family: ``resnet`` for ``wide_resnet50_2``."""
    module: str = get_model_builder(architecture).__module__
    return module.rsplit(".", 1)[-1]


def _weights(entry: ModelEntry) -> WeightsEnum:
    return get_model_weights(entry.architecture)[entry.name.rsplit("@", 1)[1]]


def _preprocessing(entry: ModelEntry, weights: WeightsEnum) -> Preprocessing:
    if _file(entry.architecture) in _ARGUMENTS:
        return _INSIDE
    transforms = weights.transforms()
    return Preprocessing(tuple(transforms.mean), tuple(transforms.std))


def _renamed(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Drops auxiliary heads and gives the first DenseNet files (``norm.1``) their names of today (``norm1``)."""
    for key in list(state):
        if key.startswith(_AUXILIARY):
            del state[key]
        elif match := _OLD_DENSENET.match(key):
            state[match[1] + match[2]] = state.pop(key)
    return state
