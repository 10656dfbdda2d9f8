"""What the API shows of networks, their layers and units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, Field

from featurelens.jobs import addresses
from featurelens.jobs.catalog.entries import Branch, LayerEntry, ModelEntry, ModelSummary
from featurelens.jobs.spec.base import Sign
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.service.schemas.address import Address
from featurelens.service.schemas.visualization import Summary


class Models(BaseModel):
    """The networks that can be looked into, by name; one page."""

    models: list[ModelSummary]
    total: int = Field(description="how many there are on all pages")
    next: Address | None = Field(description="the next page; null: this was the last")


class Layers(BaseModel):
    """The layers of one network, in the order they run; one page."""

    model: str = Field(description="the canonical name")
    layers: list[LayerEntry]
    total: int = Field(description="how many there are on all pages")
    next: Address | None = Field(description="the next page; null: this was the last")


class Layer(LayerEntry):
    """One layer, and where to go from here."""

    model: str = Field(description="the canonical name")
    labels: tuple[str, ...] | None = Field(None, description="on the layer of classes: their names, by channel")
    links: dict[str, Address] = Field(
        description="unit: one of its units; visualizations: its pictures",
        examples=[{"unit": addresses.unit("patternnet", "conv4", "{n}")}],
    )

    @classmethod
    def of(cls, entry: ModelEntry, layer: LayerEntry) -> Self:
        return cls(
            **dict(layer),
            model=entry.name,
            labels=_labels(entry, layer),
            links={
                "unit": addresses.unit(entry.name, layer.name, "{n}"),
                "visualizations": addresses.visualizations_of(entry.name, layer.name),
            },
        )


class Unit(BaseModel):
    """One channel of a layer, and every picture of it that exists or is on its way."""

    model: str
    layer: str
    channel: int
    address: str = Field(description="short for model, layer and channel", examples=["patternnet/logits:2"])
    label: str | None = Field(None, description="on the layer of classes: its name")
    branch: Branch | None = Field(None, description="the part of a concatenation that it belongs to")
    visualizations: list[Summary] = Field(description="newest first, at most a hundred")
    ask: dict[Sign, VisualizationSpec] = Field(
        description=f"what to POST to {addresses.VISUALIZATIONS} for either sign"
    )
    links: dict[str, Address] = Field(
        description="layer; filters: its weights; examples: images that raise it; spectrum: those between optimized "
        "pictures; visualizations: its pictures"
    )

    @classmethod
    def of(cls, entry: ModelEntry, layer: LayerEntry, channel: int, visualizations: Sequence[Summary]) -> Self:
        """`visualizations`: those of this unit, newest first."""
        labels = _labels(entry, layer) or ()
        spec = VisualizationSpec(model=entry.name, layer=layer.name, channel=channel)
        return cls(
            model=entry.name,
            layer=layer.name,
            channel=channel,
            address=f"{entry.name}/{layer.name}:{channel}",
            label=labels[channel] if channel < len(labels) else None,
            branch=next((one for one in layer.branches if one.first <= channel < one.first + one.channels), None),
            visualizations=list(visualizations),
            ask={"positive": spec, "negative": spec.model_copy(update={"sign": "negative"})},
            links={
                "layer": addresses.layer(entry.name, layer.name),
                "filters": addresses.unit_filters(entry.name, layer.name, channel),
                "examples": addresses.examples(entry.name, layer.name, channel),
                "spectrum": addresses.spectrum(entry.name, layer.name, channel),
                "visualizations": addresses.visualizations_of(entry.name, layer.name, channel),
            },
        )


def _labels(entry: ModelEntry, layer: LayerEntry) -> tuple[str, ...] | None:
    """The names of the classes, on the layer whose channels they are."""
    return entry.labels if layer.name == entry.classes_layer else None
