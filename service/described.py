"""A network that a path names, with its layers and units, once it has been described; 404 for what it does not have."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, NamedTuple

from fastapi import Depends, Path

from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.catalog.layer_names import LayerNames
from featurelens.jobs.errors import NotFound, UnknownLayer, UnknownModel
from featurelens.service.dependencies import Dependencies, Deps, ModelName
from featurelens.service.resolving import described

LayerName = Annotated[str, Path(max_length=200, description="a name from /layers", examples=["logits"])]
Channel = Annotated[int, Path(ge=0, le=2**31 - 1, description="counted from 0", examples=[2])]


class Described(NamedTuple):
    """A network and its layers, in the order they run."""

    entry: ModelEntry
    layers: list[LayerEntry]

    def layer(self, name: str) -> LayerEntry:
        """By any of its names. Raises `NotFound`."""
        try:
            return LayerNames(*self).named(name, "layer")
        except UnknownLayer as error:
            raise NotFound(error.detail, error.faults) from error

    def unit(self, layer: str, channel: int) -> LayerEntry:
        """The layer, which has the unit. Raises `NotFound`."""
        found = self.layer(layer)
        if channel >= found.channels:
            raise NotFound(f"layer {found.name} has the units 0 to {found.channels - 1}")
        return found


def model_entry(name: str, deps: Dependencies) -> ModelEntry:
    """The network of that name. Raises `NotFound`."""
    try:
        return deps.catalog.model(name)
    except UnknownModel as error:
        raise NotFound(error.detail, tuple(replace(fault, pointer="model") for fault in error.faults)) from error


async def _described(model: ModelName, deps: Deps) -> Described:
    def ask() -> Described:
        entry = model_entry(model, deps)
        return Described(entry, deps.catalog.layers(entry))

    return await described(ask)


Known = Annotated[Described, Depends(_described)]
