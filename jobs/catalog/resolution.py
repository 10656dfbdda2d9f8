"""From what a client wrote to what is made: names checked and made canonical, labels found, defaults filled in."""

from __future__ import annotations

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.catalog.unit_names import UnitNames
from featurelens.jobs.errors import OutOfRange
from featurelens.jobs.spec.visualization import VisualizationSpec


def resolve(catalog: Catalog, spec: VisualizationSpec) -> tuple[VisualizationSpec, ModelEntry]:
    """The complete spec and its network. Resolving it again changes nothing.

    Raises `UnknownModel`, `UnknownLayer`, `OutOfRange` or `InvalidSpec`, each with what is valid, or `CatalogPending`.
    """
    entry = catalog.model(spec.model)
    names = UnitNames(entry, catalog.layers(entry))
    size = resolve_size(spec.size, entry)
    layer, objective = spec.objective.resolved(names, spec.layer, spec.channel)
    return spec.completed(model=entry.name, size=size, layer=layer, objective=objective), entry


def resolve_size(asked: tuple[int, int] | None, entry: ModelEntry) -> tuple[int, int]:
    """Height and width in pixels, the network's own where none is asked for. Raises `OutOfRange`."""
    size = asked or entry.input_size
    height, width = entry.input_size
    if entry.fixed_size and size != entry.input_size:
        raise OutOfRange.at("/size", f"{entry.name} takes pictures of {height}x{width} only")
    if min(size) < entry.min_size:
        raise OutOfRange.at("/size", f"{entry.name} needs a size of at least {entry.min_size} pixels")
    return size
