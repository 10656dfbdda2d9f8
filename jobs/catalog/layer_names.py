"""Finds a layer by any name people know it by, or says which are near."""

from __future__ import annotations

import re
from collections.abc import Sequence

from featurelens.jobs import addresses
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.errors import InvalidSpec, UnknownLayer, unknown

_DISTILL = re.compile(
    r"(mixed[345][a-e]|conv2d[0-2]|maxpool[0-9]+|localresponsenorm[01]|softmax[0-2]|head[01]|avgpool0)(_.*)?"
)
"""Layers of the GoogLeNet that the articles on Distill show."""

_DISTILL_REASON = (
    "Distill's names are those of Google's own InceptionV1, whose weights torchvision does not publish. torchvision's "
    "GoogLeNet has other weights and other channels (its inception4a has 512, mixed4a 508), so a unit's number means "
    "something else in it; its layers are named inception3a to inception5b"
)


class LayerNames:
    """The layers of one network by name, with answers for names it does not have."""

    def __init__(self, entry: ModelEntry, layers: Sequence[LayerEntry]) -> None:
        self._entry = entry
        self._by_name = {layer.name: layer for layer in layers}

    def named(self, name: str | None, pointer: str) -> LayerEntry:
        """By its own name, or by one with underscores for dots and any case, as Lucent has them.

        Raises `UnknownLayer`, at `pointer`, with what is nearest or among what the name does not decide.
        """
        wanted = name or ""
        layer = self._by_name.get(wanted)
        if layer is not None:
            return layer
        alike = [known for known in self._by_name.values() if _plain(known.name) == _plain(wanted)]
        if len(alike) == 1:
            return alike[0]
        if alike:
            names = [known.name for known in alike[:5]]
            detail = f"{wanted!r} may be any of {', '.join(names)} in {self._entry.name}"
            raise UnknownLayer.at(pointer, detail, names)
        if self._entry.architecture == "googlenet" and _DISTILL.fullmatch(wanted):
            detail = f"{self._entry.name} has no layer {wanted!r}: {_DISTILL_REASON}"
            raise UnknownLayer.at(pointer, detail)
        where = addresses.layers(self._entry.name)
        raise unknown(UnknownLayer, pointer, f"{self._entry.name} has no layer", wanted, list(self._by_name), where)


def chosen_layers(entry: ModelEntry, layers: Sequence[LayerEntry], names: Sequence[str] | None) -> list[str]:
    """The own names of the layers that a spec names under ``/layers``, each once; the recommended ones for None.

    Raises `UnknownLayer`, or `InvalidSpec` where none is recommended.
    """
    if names is None:
        found = [layer.name for layer in layers if layer.recommended]
    else:
        known = LayerNames(entry, layers)
        found = [known.named(name, f"/layers/{place}").name for place, name in enumerate(names)]
    if not found:
        raise InvalidSpec.at("/layers", f"{entry.name} has no recommended layers; name some with layers")
    return list(dict.fromkeys(found))


def _plain(name: str) -> str:
    return name.replace(".", "_").casefold()
