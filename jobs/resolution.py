"""From what a client wrote to what is made: names checked and made canonical, labels found, defaults filled in."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from jobs.catalog import Catalog, LayerEntry, ModelEntry
from jobs.errors import Fault, InvalidSpec, OutOfRange, UnknownLayer, unknown
from jobs.objective import ClassObjective, DirectionObjective, InterpolationObjective, JointObjective
from jobs.spec import VisualizationSpec


def resolve(catalog: Catalog, spec: VisualizationSpec) -> tuple[VisualizationSpec, ModelEntry]:
    """The complete spec and its network. Resolving it again changes nothing.

    Raises `UnknownModel`, `UnknownLayer`, `OutOfRange` or `InvalidSpec`, each with what is valid, or `CatalogPending`.
    """
    entry = catalog.model(spec.model)
    layers = _Layers(entry, catalog.layers(entry))
    changes: dict[str, Any] = {"model": entry.name, "size": _size(spec, entry)}
    objective = spec.objective
    if isinstance(objective, ClassObjective):
        changes["layer"] = spec.layer or _classes_layer(entry)
        layer = layers.named(changes["layer"], "/layer")
        label = _label(objective, entry, layer)
        changes["objective"] = objective.model_copy(update={"label": label})
    elif isinstance(objective, JointObjective):
        for number, term in enumerate(objective.terms):
            layers.unit(term.layer, term.channel, f"/objective/terms/{number}")
    elif isinstance(objective, DirectionObjective):
        layer = layers.named(spec.layer, "/layer")
        if objective.vector is not None and len(objective.vector) != layer.channels:
            raise _out(f"the vector must have {layer.channels} numbers in layer {layer.name}", "/objective/vector")
    elif spec.channel is None:
        layers.named(spec.layer, "/layer")
    else:
        layers.unit(spec.layer, spec.channel, "")
        if isinstance(objective, InterpolationObjective):
            other = objective.layer or spec.layer
            layers.unit(other, objective.channel, "/objective")
            changes["objective"] = objective.model_copy(update={"layer": other})
    return spec.completed(**changes), entry


class _Layers:
    """The layers of one network by name, with answers for names it does not have."""

    def __init__(self, entry: ModelEntry, layers: Sequence[LayerEntry]) -> None:
        self._entry = entry
        self._by_name = {layer.name: layer for layer in layers}

    def named(self, name: str | None, pointer: str) -> LayerEntry:
        layer = self._by_name.get(name or "")
        if layer is None:
            where = f"/v1/models/{self._entry.name}/layers"
            raise unknown(
                UnknownLayer, pointer, f"{self._entry.name} has no layer", name or "", list(self._by_name), where
            )
        return layer

    def unit(self, name: str | None, channel: int, pointer: str) -> None:
        layer = self.named(name, f"{pointer}/layer")
        if channel >= layer.channels:
            raise _out(
                f"channel must be between 0 and {layer.channels - 1} in layer {layer.name}", f"{pointer}/channel"
            )


def _out(detail: str, pointer: str) -> OutOfRange:
    return OutOfRange(detail, (Fault(pointer, detail),))


def _size(spec: VisualizationSpec, entry: ModelEntry) -> tuple[int, int]:
    size = spec.size or entry.input_size
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
    labels = [label.casefold() for label in entry.labels or ()]
    wanted = objective.label.casefold()
    if wanted in labels:
        return labels.index(wanted)
    near = difflib.get_close_matches(wanted, labels, n=5, cutoff=0.4) or labels[:5]
    hint = f"nearest: {', '.join(near)}" if near else "its labels are not known, ask by index"
    raise _out(f"{entry.name} has no class {objective.label[:80]!r}; {hint}", "/objective/label")
