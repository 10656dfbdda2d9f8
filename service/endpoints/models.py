"""The catalog: which networks, layers and units there are."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from featurelens.jobs.catalog.entries import LayerEntry, LayerKind, ModelEntry, Source
from featurelens.jobs.catalog.layer_names import LayerNames
from featurelens.jobs.errors import NotFound, UnknownLayer, UnknownModel
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.service.dependencies import Dependencies, Deps, ModelName
from featurelens.service.endpoints.listing import MOST as MOST_PICTURES
from featurelens.service.endpoints.listing import Summary
from featurelens.service.lookup import find_all
from featurelens.service.problems import declare
from featurelens.service.schemas.catalog import (
    MODELS,
    After,
    Layer,
    Layers,
    Limit,
    Models,
    Search,
    Unit,
    branch_of,
    has_words,
    label_of,
    layer_path,
    model_path,
    page,
    pictures_path,
)

LayerName = Annotated[str, Path(max_length=200, description="a name from /layers", examples=["logits"])]
Channel = Annotated[int, Path(ge=0, le=2**31 - 1, description="counted from 0", examples=[2])]

router = APIRouter(prefix=MODELS, tags=["models"])


@router.get("", summary="The networks", responses=declare(422, 503))
def list_models(
    deps: Deps,
    q: Search = None,
    source: Source | None = None,
    downloaded: bool | None = None,
    limit: Limit = 100,
    after: After = None,
) -> Models:
    """The bundled one, torchvision's with their published weights, and the operator's own, sorted by name.

    `downloaded=true`: only those whose weights are here, so that their first picture waits for no download.
    """
    found = [
        entry
        for entry in deps.catalog.models()
        if source in {None, entry.source}
        and downloaded in {None, entry.downloaded}
        and has_words(" ".join((entry.name, *entry.aliases, entry.description)), q)
    ]
    query = {"q": q, "source": source, "downloaded": downloaded}
    shown, following = page(found, limit, after, lambda entry, last: entry.name > last, MODELS, query)
    return Models(models=shown, total=len(found), next=following)


@router.get("/{model}", summary="One network", responses=declare(404, 422, 503))
def show_model(model: ModelName, deps: Deps) -> ModelEntry:
    """By its canonical name, `source:architecture@weights`, or an alias; with the names of its classes."""
    return _entry(model, deps)


@router.get("/{model}/layers", summary="Its layers", responses=declare(404, 422, 503))
def list_layers(
    model: ModelName,
    deps: Deps,
    q: Search = None,
    kind: LayerKind | None = None,
    recommended: bool | None = None,
    limit: Limit = 1000,
    after: After = None,
) -> Layers:
    """In the order they run, each with the number of its channels: one channel's output is a *feature map*.

    `recommended=true`: those worth looking at first. 503 while the worker works them out; ask again in a moment.
    """
    entry = _entry(model, deps)
    layers = deps.catalog.layers(entry)
    places = {layer.name: place for place, layer in enumerate(layers)}
    found = [
        layer
        for layer in layers
        if kind in {None, layer.kind}
        and recommended in {None, layer.recommended}
        and has_words(f"{layer.name} {layer.type}", q)
    ]
    shown, following = page(
        found,
        limit,
        after,
        lambda layer, last: places[layer.name] > places.get(last, len(places)),
        f"{model_path(entry.name)}/layers",
        {"q": q, "kind": kind, "recommended": recommended},
    )
    return Layers(model=entry.name, layers=shown, total=len(found), next=following)


@router.get("/{model}/layers/{layer}", summary="One layer", responses=declare(404, 422, 503))
def show_layer(model: ModelName, layer: LayerName, deps: Deps) -> Layer:
    """Its shape, what it sees of the picture, what it is put together from, and how many units it has."""
    entry = _entry(model, deps)
    found = _layer(entry, layer, deps)
    here = layer_path(entry.name, found.name)
    return Layer(
        **dict(found),
        model=entry.name,
        labels=entry.labels if found.name == entry.classes_layer else None,
        links={"unit": f"{here}/units/{{n}}", "visualizations": pictures_path(entry.name, found.name)},
    )


@router.get("/{model}/layers/{layer}/units/{n}", summary="One unit", responses=declare(404, 422, 503))
def show_unit(model: ModelName, layer: LayerName, n: Channel, deps: Deps) -> Unit:
    """What is known of channel `n`, every picture of it that exists or is on its way, and how to ask for another."""
    entry = _entry(model, deps)
    found = _layer(entry, layer, deps)
    if n >= found.channels:
        raise NotFound(f"layer {found.name} has the units 0 to {found.channels - 1}")
    lines, _ = deps.index.page(VISUALIZATION, MOST_PICTURES, model=entry.name, layer=found.name, channel=n)
    seen = find_all(deps.store, deps.queue, [line.key for line in lines]) if lines else []
    return Unit(
        model=entry.name,
        layer=found.name,
        channel=n,
        address=f"{entry.name}/{found.name}:{n}",
        label=label_of(entry, found, n),
        branch=branch_of(found, n),
        visualizations=[Summary.of(whole) for whole in seen if whole is not None],
        ask={
            "positive": VisualizationSpec(model=entry.name, layer=found.name, channel=n),
            "negative": VisualizationSpec(model=entry.name, layer=found.name, channel=n, sign="negative"),
        },
        links={
            "layer": layer_path(entry.name, found.name),
            "visualizations": pictures_path(entry.name, found.name, n),
        },
    )


def _entry(name: str, deps: Dependencies) -> ModelEntry:
    try:
        return deps.catalog.model(name)
    except UnknownModel as error:
        raise NotFound(error.detail) from error


def _layer(entry: ModelEntry, name: str, deps: Dependencies) -> LayerEntry:
    try:
        return LayerNames(entry, deps.catalog.layers(entry)).named(name, "layer")
    except UnknownLayer as error:
        raise NotFound(error.detail) from error
