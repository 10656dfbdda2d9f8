"""The catalog: which networks, layers and channels there are."""

from __future__ import annotations

from fastapi import APIRouter

from jobs.catalog import ModelEntry
from jobs.errors import NotFound, UnknownModel
from service.parts import ModelName, Parts, PartsHere
from service.problems import declare
from service.resources import Layers, Models

router = APIRouter(prefix="/v1/models", tags=["models"])


@router.get("", summary="The networks", responses=declare(503))
def list_models(parts: PartsHere) -> Models:
    """The bundled one, torchvision's with their published weights, and the operator's own."""
    return Models(models=parts.catalog.models())


@router.get("/{model}", summary="One network", responses=declare(404, 422, 503))
def show_model(model: ModelName, parts: PartsHere) -> ModelEntry:
    """By its canonical name, `source:architecture@weights`, or an alias."""
    return _entry(model, parts)


@router.get("/{model}/layers", summary="Its layers", responses=declare(404, 422, 503))
def list_layers(model: ModelName, parts: PartsHere) -> Layers:
    """In the order they run, each with the number of its channels: one channel's output is a *feature map*.

    503 while the worker works them out; ask again in a moment.
    """
    entry = _entry(model, parts)
    return Layers(model=entry.name, layers=parts.catalog.layers(entry))


def _entry(name: str, parts: Parts) -> ModelEntry:
    try:
        return parts.catalog.model(name)
    except UnknownModel as error:
        raise NotFound(error.detail) from error
