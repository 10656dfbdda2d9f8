"""From what a client wrote to what is made: names checked and made canonical, labels found, defaults filled in."""

from __future__ import annotations

import difflib
from typing import Any

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.catalog.layer_names import LayerNames
from featurelens.jobs.errors import Fault, InvalidSpec, OutOfRange
from featurelens.jobs.spec.objectives import ClassObjective, DirectionObjective, InterpolationObjective, JointObjective
from featurelens.jobs.spec.visualization import VisualizationSpec


def resolve(catalog: Catalog, spec: VisualizationSpec) -> tuple[VisualizationSpec, ModelEntry]:
    """The complete spec and its network. Resolving it again changes nothing.

    Raises `UnknownModel`, `UnknownLayer`, `OutOfRange` or `InvalidSpec`, each with what is valid, or `CatalogPending`.
    """
    entry = catalog.model(spec.model)
    layers = LayerNames(entry, catalog.layers(entry))
    changes: dict[str, Any] = {"model": entry.name, "size": resolve_size(spec.size, entry)}
    objective = spec.objective
    if isinstance(objective, ClassObjective):
        layer = layers.named(spec.layer or _classes_layer(entry), "/layer")
        label = _label(objective, entry, layer)
        changes |= {"layer": layer.name, "objective": objective.model_copy(update={"label": label})}
    elif isinstance(objective, JointObjective):
        terms = [
            term.model_copy(update={"layer": _unit(layers, term.layer, term.channel, f"/objective/terms/{number}")})
            for number, term in enumerate(objective.terms)
        ]
        changes["objective"] = objective.model_copy(update={"terms": terms})
    elif isinstance(objective, DirectionObjective):
        layer = layers.named(spec.layer, "/layer")
        if objective.vector is not None and len(objective.vector) != layer.channels:
            raise _out(f"the vector must have {layer.channels} numbers in layer {layer.name}", "/objective/vector")
        changes["layer"] = layer.name
    elif spec.channel is None:
        changes["layer"] = layers.named(spec.layer, "/layer").name
    else:
        changes["layer"] = _unit(layers, spec.layer, spec.channel, "")
        if isinstance(objective, InterpolationObjective):
            other = _unit(layers, objective.layer or spec.layer, objective.channel, "/objective")
            changes["objective"] = objective.model_copy(update={"layer": other})
    return spec.completed(**changes), entry


def _unit(layers: LayerNames, name: str | None, channel: int, pointer: str) -> str:
    """The layer's own name, when it has the channel."""
    layer = layers.named(name, f"{pointer}/layer")
    if channel >= layer.channels:
        raise _out(f"channel must be between 0 and {layer.channels - 1} in layer {layer.name}", f"{pointer}/channel")
    return layer.name


def _out(detail: str, pointer: str) -> OutOfRange:
    return OutOfRange(detail, (Fault(pointer, detail),))


def resolve_size(asked: tuple[int, int] | None, entry: ModelEntry) -> tuple[int, int]:
    """Height and width in pixels, the network's own where none is asked for. Raises `OutOfRange`."""
    size = asked or entry.input_size
    height, width = entry.input_size
    if entry.fixed_size and size != entry.input_size:
        raise _out(f"{entry.name} takes pictures of {height}x{width} only", "/size")
    if min(size) < entry.min_size:
        raise _out(f"{entry.name} needs a size of at least {entry.min_size} pixels", "/size")
    return size


def _classes_layer(entry: ModelEntry) -> str:
    if entry.classes_layer is None:
        detail = f"{entry.name} has no layer of classes; name one with layer, or ask for a channel"
        raise InvalidSpec(detail, (Fault("/objective/type", detail),))
    return entry.classes_layer


def _label(objective: ClassObjective, entry: ModelEntry, layer: LayerEntry) -> int:
    if isinstance(objective.label, int):
        if objective.label >= layer.channels:
            raise _out(f"the class must be between 0 and {layer.channels - 1}", "/objective/label")
        return objective.label
    shown = repr(objective.label[:80])
    if layer.name != entry.classes_layer:
        raise _out(
            f"layer {layer.name} has no labels, only {entry.classes_layer} has; ask by index", "/objective/label"
        )
    labels = [label.casefold() for label in entry.labels or ()]
    wanted = objective.label.casefold()
    found = [index for index, label in enumerate(labels) if label == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        indices = ", ".join(map(str, found))
        raise _out(f"{entry.name} has several classes {shown}; ask by index: {indices}", "/objective/label")
    near = difflib.get_close_matches(wanted, labels, n=5, cutoff=0.4) or labels[:5]
    hint = f"nearest: {', '.join(near)}" if near else "its labels are not known, ask by index"
    raise _out(f"{entry.name} has no class {shown}; {hint}", "/objective/label")
