"""The catalog: which networks, layers and units there are."""

from __future__ import annotations

from fastapi import APIRouter

from featurelens.jobs import addresses
from featurelens.jobs.catalog.entries import LayerKind, ModelEntry, Source
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.service.auth.access import needs
from featurelens.service.dependencies import Deps, ModelName
from featurelens.service.described import Channel, Known, LayerName, model_entry
from featurelens.service.names_in_paths import LAYER, MODEL
from featurelens.service.openapi import samples
from featurelens.service.openapi.answers import GUARDED, answer, problems
from featurelens.service.openapi.links import from_layer, from_model, from_unit
from featurelens.service.pagination import MAX_JOBS, After, Limit, Search, has_words, page
from featurelens.service.schemas.catalog import Layer, Layers, Models, Unit
from featurelens.service.schemas.visualization import Summary, Visualization

router = APIRouter(tags=["models"], responses=GUARDED)
# Names may hold slashes: the longest addresses come first, or a unit would be taken for a layer.


@router.get(
    addresses.MODELS,
    dependencies=[needs("read")],
    summary="The networks",
    responses={**answer(200, samples.MODELS), **problems(422, 503)},
)
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
    shown, following = page(found, limit, after, lambda entry, last: entry.name > last, addresses.MODELS, query)
    return Models(models=shown, total=len(found), next=following)


@router.get(
    addresses.unit(MODEL, LAYER, "{n}"),
    dependencies=[needs("read")],
    summary="One unit",
    responses={**answer(200, samples.UNIT, links=from_unit()), **problems(404, 422, 503)},
)
def show_unit(known: Known, layer: LayerName, n: Channel, deps: Deps) -> Unit:
    """What is known of channel `n`, every picture of it that exists or is on its way, and how to ask for another."""
    entry, found = known.entry, known.unit(layer, n)
    deps.whole_index.check()
    lines, _ = deps.index.page(VISUALIZATION, MAX_JOBS, model=entry.name, layer=found.name, channel=n)
    jobs = deps.visualizations.find_listed(lines)
    return Unit.of(entry, found, n, [Summary.of(job) for job in jobs if isinstance(job, Visualization)])


@router.get(
    addresses.layer(MODEL, LAYER),
    dependencies=[needs("read")],
    summary="One layer",
    responses={**answer(200, samples.LAYER, links=from_layer()), **problems(404, 422, 503)},
)
def show_layer(known: Known, layer: LayerName) -> Layer:
    """Its shape, what it sees of the picture, what it is put together from, and how many units it has."""
    return Layer.of(known.entry, known.layer(layer))


@router.get(
    addresses.layers(MODEL),
    dependencies=[needs("read")],
    summary="Its layers",
    responses={**answer(200, samples.LAYERS), **problems(404, 422, 503)},
)
def list_layers(
    known: Known,
    q: Search = None,
    kind: LayerKind | None = None,
    recommended: bool | None = None,
    limit: Limit = 1000,
    after: After = None,
) -> Layers:
    """In the order they run, each with the number of its channels: one channel's output is a *feature map*.

    `recommended=true`: those worth looking at first. Waits while the worker works them out; 503 where that takes long.
    """
    entry, layers = known
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
        addresses.layers(entry.name),
        {"q": q, "kind": kind, "recommended": recommended},
    )
    return Layers(model=entry.name, layers=shown, total=len(found), next=following)


@router.get(
    addresses.model(MODEL),
    dependencies=[needs("read")],
    summary="One network",
    responses={**answer(200, samples.MODEL, links=from_model()), **problems(404, 422, 503)},
)
def show_model(model: ModelName, deps: Deps) -> ModelEntry:
    """By its canonical name, `source:architecture@weights`, or an alias; with the names of its classes."""
    return model_entry(model, deps)
