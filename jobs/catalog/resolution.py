"""From what a client wrote to what is made: names checked and made canonical, labels found, defaults filled in."""

from __future__ import annotations

from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.catalog.known_networks import KnownNetworks
from featurelens.jobs.catalog.unit_names import UnitNames
from featurelens.jobs.errors import InvalidSpec, OutOfRange, UnknownLayer, UnknownModel
from featurelens.jobs.spec.visualization import VisualizationSpec


def resolve(catalog: KnownNetworks, spec: VisualizationSpec) -> tuple[VisualizationSpec, ModelEntry]:
    """The complete spec and its network. Resolving it again changes nothing.

    Of several meanings it is the first that there are names for. Raises `UnknownModel`, `UnknownLayer`, `OutOfRange` or
    `InvalidSpec`, each with what is valid, or `CatalogPending`.
    """
    refusals: list[InvalidSpec] = []
    unknown: set[str] = set()
    for meaning in spec.meanings:
        if meaning.model not in unknown:
            try:
                return _resolved(catalog, meaning)
            except InvalidSpec as refusal:
                refusals.append(refusal)
                unknown |= {meaning.model} if isinstance(refusal, UnknownModel) else set()
    raise max(refusals, key=_names_found)


def _names_found(refusal: InvalidSpec) -> int:
    """How many names were found before it."""
    return 0 if isinstance(refusal, UnknownModel) else 1 if isinstance(refusal, UnknownLayer) else 2


def _resolved(catalog: KnownNetworks, spec: VisualizationSpec) -> tuple[VisualizationSpec, ModelEntry]:
    entry = catalog.model(spec.model)
    layers = catalog.layers(entry)
    if spec.photo is not None:
        check_photograph(entry, "/objective/photo")
    size = resolve_size(spec.size, entry)
    names = UnitNames(entry, layers, size)
    layer, objective = spec.objective.resolved(names, spec.layer, spec.channel)
    return spec.completed(model=entry.name, size=size, layer=layer, objective=objective), entry


def check_photograph(entry: ModelEntry, pointer: str) -> None:
    """Raises `InvalidSpec`, at `pointer`, where the network takes no photographs."""
    if entry.photograph is None:
        detail = (
            f"{entry.name} takes no photographs: which of its {entry.input_channels} channels are red, green and blue "
            "is not known; photograph in its model.json can say it"
        )
        raise InvalidSpec.at(pointer, detail)


def resolve_size(asked: tuple[int, int] | None, entry: ModelEntry) -> tuple[int, int]:
    """Height and width in pixels, the network's own where none is asked for. Raises `OutOfRange`."""
    size = asked or entry.input_size
    height, width = entry.input_size
    if entry.fixed_size and size != entry.input_size:
        raise OutOfRange.at("/size", f"{entry.name} takes pictures of {height}x{width} only")
    if min(size) < entry.min_size:
        raise OutOfRange.at("/size", f"{entry.name} needs a size of at least {entry.min_size} pixels")
    return size
