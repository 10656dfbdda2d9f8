"""timm's networks by timm's names, with the weights that timm publishes in files whose names tell their digest.

Optional: there when timm is installed (``pip install featurelens[timm]``). Weights that are only on the Hugging Face
hub have no digest that is known before the download; put those into FEATURELENS_MODELS (`timm_config`).
"""

from __future__ import annotations

import importlib.util
import re
import warnings
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import nn
from torchvision.models import ResNet50_Weights

from featurelens.engine import VERSION
from featurelens.engine.display import usual_display, usual_photograph
from featurelens.engine.network import Network, Preprocessing
from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.worker.models.inspection.layout import ChannelOrder
from featurelens.worker.models.sources.download import fetch, marked, published_name
from featurelens.worker.models.sources.fit import fit
from featurelens.worker.models.sources.timm_config import MIN_SIZE
from featurelens.worker.models.sources.weights_file import read_weights

_VERIFIED = re.compile(r"https://.*-[0-9a-f]{8,64}\.pth")
_IMAGENET = 1000


def installed() -> bool:
    return importlib.util.find_spec("timm") is not None


class Timm:
    """Enumerated from timm's own registry. `cache` is the folder of downloaded weights."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    @cached_property
    def _configs(self) -> dict[str, dict[str, Any]]:
        """By canonical name, all whose weights can be verified and loaded as they are."""
        import timm

        found = {}
        for name in timm.list_models(pretrained=True):
            config = timm.get_pretrained_cfg(name).to_dict()
            usable = not config.get("custom_load") and not config.get("label_offset") and config.get("classifier")
            if usable and _VERIFIED.fullmatch(config.get("url") or ""):
                architecture, _, tag = name.partition(".")
                found[f"timm:{architecture}@{tag or 'default'}"] = {**config, "name": name}
        return found

    @cached_property
    def _entries(self) -> list[ModelEntry]:
        return [_entry(name, config) for name, config in self._configs.items()]

    def entries(self) -> list[ModelEntry]:
        return marked(self._entries, self._cache)

    def build(self, entry: ModelEntry) -> nn.Module:
        import timm

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module: nn.Module = timm.create_model(self._configs[entry.name]["name"], pretrained=False)
        return module

    def load(self, entry: ModelEntry) -> Network:
        config = self._configs[entry.name]
        path, digest = fetch(config["url"], self._cache)
        state = read_weights(path)
        module = self.build(entry)
        fit(module, state, entry.name)
        preprocessing = Preprocessing(tuple(config["mean"]), tuple(config["std"]))
        return Network(entry.name, module, preprocessing, entry.digest, entry.labels, sha256=digest)

    def orders(self, entry: ModelEntry) -> Mapping[str, ChannelOrder]:
        return {}

    def blueprint(self, entry: ModelEntry) -> str | None:
        import timm

        height, width = entry.input_size
        return f"timm-{timm.__version__}-{entry.architecture}-{height}x{width}"


def _entry(name: str, config: dict[str, Any]) -> ModelEntry:
    channels, height, width = config["input_size"]
    fixed = bool(config.get("fixed_input_size"))
    classifier = config["classifier"]
    imagenet = config["num_classes"] == _IMAGENET and "in1k" in name
    return ModelEntry(
        name=name,
        aliases=(config["name"], f"timm:{config['name']}"),
        source="timm",
        architecture=name.removeprefix("timm:").partition("@")[0],
        digest=f"timm:{published_name(config['url'])}",
        renderer=VERSION,
        downloaded=False,
        input_channels=channels,
        display=(shown := usual_display(channels)),
        photograph=usual_photograph(channels, shown),
        input_size=(height, width),
        min_size=min(height, width) if fixed else MIN_SIZE,
        fixed_size=fixed,
        labels=tuple(ResNet50_Weights.DEFAULT.meta["categories"]) if imagenet else None,
        classes_layer=classifier if isinstance(classifier, str) else None,
        description=f"a timm network, {config['num_classes']} classes",
    )
