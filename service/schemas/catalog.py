"""What the API shows of networks, their layers and units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar
from urllib.parse import quote, urlencode

from fastapi import Query
from pydantic import BaseModel, Field

from featurelens.jobs.catalog.entries import Branch, LayerEntry, ModelEntry, ModelSummary
from featurelens.jobs.spec.base import Sign
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.service.endpoints.listing import Summary

MODELS = "/v1/models"
MOST = 1000

Item = TypeVar("Item", ModelSummary, LayerEntry)

Limit = Annotated[int, Query(ge=1, le=MOST, description="entries on a page")]
After = Annotated[str | None, Query(max_length=400, description="the last name of the page before, from its `next`")]
Search = Annotated[str | None, Query(max_length=200, description="words that must all occur, in any case")]


class Models(BaseModel):
    """The networks that can be looked into, by name; one page."""

    models: list[ModelSummary]
    total: int = Field(description="how many there are on all pages")
    next: str | None = Field(description="the next page; null: this was the last")


class Layers(BaseModel):
    """The layers of one network, in the order they run; one page."""

    model: str = Field(description="the canonical name")
    layers: list[LayerEntry]
    total: int = Field(description="how many there are on all pages")
    next: str | None = Field(description="the next page; null: this was the last")


class Layer(LayerEntry):
    """One layer, and where to go from here."""

    model: str = Field(description="the canonical name")
    labels: tuple[str, ...] | None = Field(None, description="on the layer of classes: their names, by channel")
    links: dict[str, str] = Field(
        description="unit: one of its units; visualizations: its pictures",
        examples=[{"unit": "/v1/models/patternnet/layers/conv4/units/{n}"}],
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
    ask: dict[Sign, VisualizationSpec] = Field(description="what to POST to /v1/visualizations for either sign")
    links: dict[str, str] = Field(description="layer; visualizations: the list of its pictures")


def model_path(name: str) -> str:
    return f"{MODELS}/{quote(name, safe=':@')}"


def layer_path(model: str, layer: str) -> str:
    return f"{model_path(model)}/layers/{quote(layer, safe='')}"


def pictures_path(model: str, layer: str, channel: int | None = None) -> str:
    query: dict[str, Any] = {"model": model, "layer": layer}
    if channel is not None:
        query["channel"] = channel
    return f"/v1/visualizations?{urlencode(query)}"


def has_words(text: str, search: str | None) -> bool:
    folded = text.casefold()
    return all(word in folded for word in (search or "").casefold().split())


def page(
    items: Sequence[Item], limit: int, after: str | None, follows: Callable[[Item, str], bool], path: str, query: Any
) -> tuple[list[Item], str | None]:
    """At most `limit` items after the one named `after`, and where the next page is."""
    rest = list(items) if after is None else [item for item in items if follows(item, after)]
    shown = rest[:limit]
    if len(rest) == len(shown):
        return shown, None
    given = {name: value for name, value in query.items() if value is not None}
    given = {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}
    return shown, f"{path}?{urlencode({**given, 'limit': limit, 'after': shown[-1].name})}"


def label_of(entry: ModelEntry, layer: LayerEntry, channel: int) -> str | None:
    labelled = entry.labels if layer.name == entry.classes_layer else None
    return labelled[channel] if labelled is not None and channel < len(labelled) else None


def branch_of(layer: LayerEntry, channel: int) -> Branch | None:
    return next((one for one in layer.branches if one.first <= channel < one.first + one.channels), None)
