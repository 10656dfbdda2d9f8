"""The network that comes with Featurelens, so that the first picture needs no download."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from torch import nn

from featurelens.engine import VERSION
from featurelens.engine.network import Network, Preprocessing
from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.worker.models.inspection.layout import ChannelOrder
from featurelens.worker.models.patternnet.architecture import MEAN, MIN_SIZE, STD, PatternNet
from featurelens.worker.models.sources.download import sha256
from featurelens.worker.models.sources.fit import fit
from featurelens.worker.models.sources.weights_file import read_weights

FOLDER = Path(__file__).parents[1] / "patternnet"
WEIGHTS = FOLDER / "patternnet.safetensors"
INPUT_SIZE = (128, 128)


class Bundled:
    """patternnet."""

    @cached_property
    def _labels(self) -> tuple[str, ...]:
        return tuple((FOLDER / "labels.txt").read_text().splitlines())

    @cached_property
    def _entry(self) -> ModelEntry:
        digest = sha256(WEIGHTS)
        return ModelEntry(
            name=f"bundled:patternnet@sha256-{digest[:12]}",
            aliases=("patternnet", "bundled:patternnet"),
            source="bundled",
            architecture="patternnet",
            digest=f"sha256:{digest}",
            sha256=digest,
            renderer=VERSION,
            downloaded=True,
            input_channels=len(MEAN),
            input_size=INPUT_SIZE,
            min_size=MIN_SIZE,
            labels=self._labels,
            classes_layer="logits",
            description="a small classifier of procedural patterns, where the right picture of each class is known",
        )

    def entries(self) -> list[ModelEntry]:
        return [self._entry]

    def build(self, entry: ModelEntry) -> nn.Module:
        return PatternNet(len(self._labels))

    def load(self, entry: ModelEntry) -> Network:
        module = self.build(entry)
        fit(module, read_weights(WEIGHTS), entry.name)
        return Network(entry.name, module, Preprocessing(MEAN, STD), entry.digest, entry.labels, sha256=entry.sha256)

    def orders(self, entry: ModelEntry) -> Mapping[str, ChannelOrder]:
        return {}

    def blueprint(self, entry: ModelEntry) -> str | None:
        return None
