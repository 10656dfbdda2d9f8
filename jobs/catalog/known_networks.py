"""What resolving a spec asks of a catalog: a network by its name, and its layers."""

from __future__ import annotations

from typing import Protocol

from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry


class KnownNetworks(Protocol):
    """The catalog in Redis (`jobs.catalog.catalog`), or the networks of this machine themselves."""

    def model(self, name: str) -> ModelEntry:
        """The network with this canonical name or alias. Raises `UnknownModel`."""

    def layers(self, entry: ModelEntry) -> list[LayerEntry]:
        """Its layers in the order they run. Raises `NotDescribable` or `CatalogPending`."""
