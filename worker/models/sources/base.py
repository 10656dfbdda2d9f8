"""What every place that networks come from can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from torch import nn

from featurelens.engine.network import Network
from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.worker.models.inspection.layout import ChannelOrder


class Source(Protocol):
    """Lists its networks cheaply, builds them without weights and loads them with weights."""

    def entries(self) -> list[ModelEntry]:
        """All networks, without loading weights and without the network (the other kind)."""

    def build(self, entry: ModelEntry) -> nn.Module:
        """The architecture with random weights, by way of plain constructors (a shell needs no memory)."""

    def load(self, entry: ModelEntry) -> Network:
        """The network with its weights, on the CPU. Raises `jobs.errors.ModelLoadFailed` in plain words."""

    def blueprint(self, entry: ModelEntry) -> str | None:
        """A file name under which its layer list may be kept for ever; None when it may change or is cheap."""

    def orders(self, entry: ModelEntry) -> Mapping[str, ChannelOrder]:
        """Where layers have their channels, by name, as far as somebody has stated it."""
