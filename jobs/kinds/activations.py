"""The kind `activations`: what a network computes from one photograph."""

from __future__ import annotations

from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.catalog.known_networks import KnownNetworks
from featurelens.jobs.catalog.layer_names import chosen_layers
from featurelens.jobs.catalog.resolution import check_photograph, resolve_size
from featurelens.jobs.kinds.base import Kind
from featurelens.jobs.spec.activations import ActivationsSpec


class Activations(Kind[ActivationsSpec]):
    """One forward pass: the units of each layer that respond most and least, and the class probabilities."""

    name = "activations"
    prefix = "fa1_"
    spec = ActivationsSpec

    def resolve(self, catalog: KnownNetworks, spec: ActivationsSpec) -> tuple[ActivationsSpec, ModelEntry]:
        """Fills in the recommended layers and the network's own size where they are left out."""
        entry = catalog.model(spec.model)
        check_photograph(entry, "/photo")
        size = resolve_size(spec.size, entry)
        layers = chosen_layers(entry, catalog.layers(entry), spec.layers)
        changes = {"model": entry.name, "layers": layers, "size": size}
        return spec.model_copy(update=changes), entry

    def cost(self, spec: ActivationsSpec) -> int:
        """Height x width."""
        assert spec.size is not None
        return spec.size[0] * spec.size[1]

    def photo(self, spec: ActivationsSpec) -> str | None:
        return spec.photo
