"""Where to go from an answer: links in the OpenAPI document that programs can follow, and that tests walk.

A link names an operation and says where in the answer each part of its path is found. None starts from a list: it may
be empty.
"""

from __future__ import annotations

from typing import Any

Links = dict[str, dict[str, Any]]


def from_job(tag: str, *more: str) -> Links:
    """From a job whose operations have this `tag`; `more` are what it has beside those that all kinds have."""
    key = {"key": "$response.body#/key"}
    own = {name: _link(f"{tag}-{name}", key) for name in ("events", *more, "leave", "delete")}
    return {"self": _link(f"{tag}-show", key), **own}


def from_sweep() -> Links:
    id = {"id": "$response.body#/id"}
    return {
        "self": _link("sweeps-show", id),
        "items": _link("sweeps-items", id),
        "sheet": _link("sweeps-sheet", id),
        "cancel": _link("sweeps-cancel", id),
    }


def from_photo() -> Links:
    return {"self": _link("photos-show", {"photo": "$response.body#/photo"})}


def from_model() -> Links:
    return {"layers": _link("models-list_layers", {"model": "$response.body#/name"})}


def from_layer() -> Links:
    layer = {"model": "$response.body#/model", "layer": "$response.body#/name"}
    return {"unit": _link("models-show_unit", {**layer, "n": "0"})}


def from_unit() -> Links:
    layer = {"model": "$response.body#/model", "layer": "$response.body#/layer"}
    unit = {**layer, "n": "$response.body#/channel"}
    return {"layer": _link("models-show_layer", layer), "filters": _link("filters-of_unit", unit)}


def _link(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {"operationId": operation, "parameters": parameters}
