"""The newest finished picture of every unit of a layer, found without asking for any."""

from __future__ import annotations

import time
from collections.abc import Collection

from featurelens.jobs import addresses
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.queue.unit_index import UnitIndex, UnitSign
from featurelens.jobs.spec.base import Sign
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.result import Result
from featurelens.jobs.store.result_store import ResultStore
from featurelens.service.schemas.layer_units import UnitPicture, UnitPictures

REMEMBERED = 16384
"""Pictures that a process keeps a few words about."""

SECONDS = 60.0
"""For how long they are told of without another look into the store: so long one may be shown that is gone."""


class LayerPictures:
    """A result never changes, so that what a grid tells of it is read once; it may only be gone."""

    def __init__(self, index: UnitIndex, store: ResultStore) -> None:
        self._index = index
        self._store = store
        self._known: dict[str, tuple[float, UnitPicture]] = {}
        """By key, with the time of the look into the store; the oldest first. Only ever read and written whole."""

    def of(
        self, entry: ModelEntry, layer: LayerEntry, first: int, count: int, sign: Sign | None = None
    ) -> tuple[list[UnitPictures], bool]:
        """The units `first`, `first` + 1, ... of the layer, `count` at most; and whether the index is whole. Blocks."""
        return self.of_each(entry, layer, range(first, min(first + count, layer.channels)), sign)

    def of_each(
        self, entry: ModelEntry, layer: LayerEntry, channels: Collection[int], sign: Sign | None = None
    ) -> tuple[list[UnitPictures], bool]:
        """The same of `channels`, in their order."""
        first, last = min(channels, default=0), max(channels, default=-1)
        keys, complete = self._index.newest(entry.name, layer.name, first, last - first + 1, sign)
        pictures = self._newest({unit: of_one for unit, of_one in keys.items() if unit.channel in channels})
        labels = entry.labels if layer.name == entry.classes_layer else None
        units = [
            UnitPictures(
                channel=channel,
                label=labels[channel] if labels and channel < len(labels) else None,
                positive=pictures.get(UnitSign(channel, "positive")),
                negative=pictures.get(UnitSign(channel, "negative")),
            )
            for channel in channels
        ]
        return units, complete

    def _newest(self, keys: dict[UnitSign, list[str]]) -> dict[UnitSign, UnitPicture]:
        """The first of each that is in the store: looked for together, then those behind the ones that are gone."""
        found: dict[UnitSign, UnitPicture] = {}
        waiting = keys
        while waiting:
            there = self._pictures([of_one[0] for of_one in waiting.values()])
            found |= {unit: there[of_one[0]] for unit, of_one in waiting.items() if of_one[0] in there}
            waiting = {unit: of_one[1:] for unit, of_one in waiting.items() if unit not in found and of_one[1:]}
        return found

    def _pictures(self, keys: Collection[str]) -> dict[str, UnitPicture]:
        now = time.monotonic()
        known = {key: self._known.get(key, (0.0, None)) for key in keys}
        found = {key: told for key, (seen, told) in known.items() if told is not None and now - seen < SECONDS}
        for key, result in self._store.get_all([key for key in keys if key not in found]).items():
            told = _told(result) if isinstance(result, Result) else None
            if told is not None:
                found[key] = told
                self._known.pop(key, None)
                self._known[key] = now, told
        for oldest in list(self._known)[:-REMEMBERED]:
            self._known.pop(oldest, None)
        return found


def _told(result: Result) -> UnitPicture | None:
    spec = result.spec
    if not isinstance(spec, VisualizationSpec) or not result.images:
        return None
    activation = result.numbers.get("activation")
    return UnitPicture(
        key=result.key,
        image=addresses.image(result.key),
        activation=activation if isinstance(activation, int | float) else None,
        steps=spec.steps,
        seed=spec.seed,
        objective=spec.objective.type,
    )
