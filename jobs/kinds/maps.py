"""The kind `maps`: all feature maps of one layer for one photograph."""

from __future__ import annotations

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.catalog.feature_maps import largest
from featurelens.jobs.catalog.layer_names import LayerNames
from featurelens.jobs.catalog.resolution import check_photograph, resolve_size
from featurelens.jobs.errors import TooLarge
from featurelens.jobs.kinds.base import Kind, Listed
from featurelens.jobs.spec.maps import MAX_BYTES, MapsSpec


class Maps(Kind[MapsSpec]):
    """One forward pass: every number that a layer answers, in one file."""

    name = "maps"
    prefix = "fm1_"
    spec = MapsSpec

    def resolve(self, catalog: Catalog, spec: MapsSpec) -> tuple[MapsSpec, ModelEntry]:
        """Fills in the network's own size where it is left out. Raises `TooLarge` for more than `MAX_BYTES`."""
        entry = catalog.model(spec.model)
        check_photograph(entry, "/photo")
        size = resolve_size(spec.size, entry)
        layer = LayerNames(entry, catalog.layers(entry)).named(spec.layer, "/layer")
        asked = _bytes(layer, entry, size)
        if asked > MAX_BYTES:
            most = f"at most {MAX_BYTES >> 20} MB are kept of one layer"
            detail = f"the maps of {layer.name} at {size[0]}x{size[1]} take up to {asked >> 20} MB; {most}"
            raise TooLarge.at("/layer", detail)
        return spec.model_copy(update={"model": entry.name, "layer": layer.name, "size": size}), entry

    def cost(self, spec: MapsSpec) -> int:
        """Height x width."""
        assert spec.size is not None
        return spec.size[0] * spec.size[1]

    def photo(self, spec: MapsSpec) -> str | None:
        return spec.photo

    def listed(self, spec: MapsSpec) -> Listed:
        return Listed(spec.layer)


def _bytes(layer: LayerEntry, entry: ModelEntry, size: tuple[int, int]) -> int:
    """In float32, with pre-activations; 0 where nobody knows how many positions there are."""
    height, width = largest(layer, entry.input_size, size)
    return 4 * (1 + layer.rectified) * layer.channels * (height or 0) * (width or 0)
