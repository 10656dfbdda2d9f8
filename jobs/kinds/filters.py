"""The kind `filters`: the weights that make one unit."""

from __future__ import annotations

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.catalog.layer_names import LayerNames
from featurelens.jobs.catalog.resolution import resolve_size
from featurelens.jobs.errors import OutOfRange
from featurelens.jobs.kinds.base import Kind, Listed
from featurelens.jobs.spec.filters import FiltersSpec


class Filters(Kind[FiltersSpec]):
    """One forward pass over nothing, to see which weights are where; then the weights are read."""

    name = "filters"
    prefix = "ff1_"
    spec = FiltersSpec
    edition = 2
    """1: what is added to itself, or joined with itself, was counted once."""

    def resolve(self, catalog: Catalog, spec: FiltersSpec) -> tuple[FiltersSpec, ModelEntry]:
        """Finds the layer by any of its names, and fills in the network's own size where it is left out."""
        entry = catalog.model(spec.model)
        layer = LayerNames(entry, catalog.layers(entry)).named(spec.layer, "/layer")
        if spec.channel >= layer.channels:
            detail = f"channel must be between 0 and {layer.channels - 1} in layer {layer.name}"
            raise OutOfRange.at("/channel", detail)
        changes = {"model": entry.name, "layer": layer.name, "size": resolve_size(spec.size, entry)}
        return spec.model_copy(update=changes), entry

    def cost(self, spec: FiltersSpec) -> int:
        """Height x width."""
        assert spec.size is not None
        return spec.size[0] * spec.size[1]

    def listed(self, spec: FiltersSpec) -> Listed:
        return Listed(spec.layer, spec.channel)
