"""Finds the units and classes of a network by name, or says which there are."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.catalog.feature_maps import largest
from featurelens.jobs.catalog.layer_names import LayerNames
from featurelens.jobs.errors import InvalidSpec, OutOfRange
from featurelens.jobs.spec.names import NamedLayer, Names


class UnitNames(Names):
    """What the objectives of a spec refer to, as the catalog knows it; `size` is that of the picture."""

    def __init__(self, entry: ModelEntry, layers: Sequence[LayerEntry], size: tuple[int, int]) -> None:
        self._entry = entry
        self._size = size
        self._layers = LayerNames(entry, layers)

    def layer(self, name: str | None, pointer: str) -> LayerEntry:
        return self._layers.named(name, pointer)

    def unit(self, layer: str | None, channel: int, pointer: str) -> str:
        found = self.layer(layer, f"{pointer}/layer")
        if channel >= found.channels:
            detail = f"channel must be between 0 and {found.channels - 1} in layer {found.name}"
            raise OutOfRange.at(f"{pointer}/channel", detail)
        return found.name

    def position(self, layer: str | None, x: int | None, y: int | None, pointer: str) -> None:
        found = self.layer(layer, f"{pointer}/layer")
        height, width = largest(found, self._entry.input_size, self._size)
        for axis, place, positions in (("x", x, width), ("y", y, height)):
            if place is not None and positions is not None and place >= positions:
                valid = f"between 0 and {positions - 1}" if positions > 1 else "0"
                size = "x".join(map(str, self._size))
                detail = f"{axis} must be {valid} in layer {found.name} of a picture of {size}"
                raise OutOfRange.at(f"{pointer}/{axis}", detail)

    def classes_layer(self, pointer: str) -> str:
        if self._entry.classes_layer is None:
            detail = f"{self._entry.name} has no layer of classes; name one with layer, or ask for a channel"
            raise InvalidSpec.at(pointer, detail)
        return self._entry.classes_layer

    def label(self, label: int | str, layer: NamedLayer, pointer: str) -> int:
        if isinstance(label, int):
            if label >= layer.channels:
                raise OutOfRange.at(pointer, f"the class must be between 0 and {layer.channels - 1}")
            return label
        name, classes = self._entry.name, self._entry.classes_layer
        if layer.name != classes:
            raise OutOfRange.at(pointer, f"layer {layer.name} has no labels, only {classes} has; ask by index")
        shown = repr(label[:80])
        labels = [known.casefold() for known in self._entry.labels or ()]
        wanted = label.casefold()
        found = [index for index, known in enumerate(labels) if known == wanted]
        if len(found) == 1:
            return found[0]
        if found:
            indices = ", ".join(map(str, found))
            raise OutOfRange.at(pointer, f"{name} has several classes {shown}; ask by index: {indices}")
        near = difflib.get_close_matches(wanted, labels, n=5, cutoff=0.4) or labels[:5]
        hint = f"nearest: {', '.join(near)}" if near else "its labels are not known, ask by index"
        raise OutOfRange.at(pointer, f"{name} has no class {shown}; {hint}", near)
