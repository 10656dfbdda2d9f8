"""Where to go from an answer: links in the OpenAPI document that programs can follow, and that tests walk.

A link names an operation and says where in the answer each part of its path is found. None starts from a list: it may
be empty.
"""

from __future__ import annotations

from typing import Any

Links = dict[str, dict[str, Any]]


def from_visualization() -> Links:
    key = {"key": "$response.body#/key"}
    return {
        "self": _link("visualizations-show", key),
        "events": _link("visualizations-events", key),
        "preview": _link("visualizations-preview", key),
        "image": _link("visualizations-image", key),
        "leave": _link("visualizations-leave", key),
        "delete": _link("visualizations-delete", key),
    }


def from_activations() -> Links:
    key = {"key": "$response.body#/key"}
    return {
        "self": _link("activations-show", key),
        "events": _link("activations-events", key),
        "leave": _link("activations-leave", key),
        "delete": _link("activations-delete", key),
    }


def from_maps() -> Links:
    key = {"key": "$response.body#/key"}
    return {
        "self": _link("maps-show", key),
        "events": _link("maps-events", key),
        "file": _link("maps-file", key),
        "leave": _link("maps-leave", key),
        "delete": _link("maps-delete", key),
    }


def from_filters() -> Links:
    key = {"key": "$response.body#/key"}
    return {
        "self": _link("filters-show", key),
        "events": _link("filters-events", key),
        "image": _link("filters-image", key),
        "leave": _link("filters-leave", key),
        "delete": _link("filters-delete", key),
    }


def from_attribution() -> Links:
    key = {"key": "$response.body#/key"}
    return {
        "self": _link("attributions-show", key),
        "events": _link("attributions-events", key),
        "image": _link("attributions-image", key),
        "file": _link("attributions-file", key),
        "leave": _link("attributions-leave", key),
        "delete": _link("attributions-delete", key),
    }


def from_scan() -> Links:
    key = {"key": "$response.body#/key"}
    return {
        "self": _link("scans-show", key),
        "events": _link("scans-events", key),
        "table": _link("scans-table", key),
        "leave": _link("scans-leave", key),
        "delete": _link("scans-delete", key),
    }


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
    return {"unit": _link("models-show_unit", {**layer, "n": 0})}


def from_unit() -> Links:
    layer = {"model": "$response.body#/model", "layer": "$response.body#/layer"}
    unit = {**layer, "n": "$response.body#/channel"}
    return {"layer": _link("models-show_layer", layer), "filters": _link("filters-of_unit", unit)}


def _link(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {"operationId": operation, "parameters": parameters}
