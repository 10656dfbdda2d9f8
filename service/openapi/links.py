"""Where to go from an answer, in the OpenAPI document: what programs that read it can follow, and what tests walk."""

from __future__ import annotations

from typing import Any, NamedTuple

_PICTURES = "/v1/visualizations"
_PICTURE = f"{_PICTURES}/{{key}}"
_SWEEPS = "/v1/sweeps"
_SWEEP = f"{_SWEEPS}/{{id}}"
_MODEL = "/v1/models/{model}"
_LAYER = f"{_MODEL}/layers/{{layer}}"


class Way(NamedTuple):
    """Leads to `method path`; `given` says where in the answer, or in its request, each part of the path is found."""

    method: str
    path: str
    given: dict[str, Any]


_KEY = {"key": "$response.body#/key"}
_FROM_PICTURE = {
    "self": Way("get", _PICTURE, _KEY),
    "events": Way("get", f"{_PICTURE}/events", _KEY),
    "preview": Way("get", f"{_PICTURE}/preview", _KEY),
    "image": Way("get", f"{_PICTURE}/image", _KEY),
    "leave": Way("delete", _PICTURE, _KEY),
    "delete": Way("delete", f"{_PICTURE}/image", _KEY),
}
_ID = {"id": "$response.body#/id"}
_FROM_SWEEP = {
    "self": Way("get", _SWEEP, _ID),
    "items": Way("get", f"{_SWEEP}/items", _ID),
    "sheet": Way("get", f"{_SWEEP}/sheet", _ID),
    "cancel": Way("delete", _SWEEP, _ID),
}
_PHOTO = {"photo": "$response.body#/photo"}
_LAYER_SHOWN = {"model": "$response.body#/model", "layer": "$response.body#/name"}

WAYS: dict[tuple[str, str], dict[str, Way]] = {
    (_PICTURES, "post"): _FROM_PICTURE,
    (_PICTURE, "get"): _FROM_PICTURE,
    (_PICTURE, "delete"): _FROM_PICTURE,
    (_SWEEPS, "post"): _FROM_SWEEP,
    (_SWEEP, "get"): _FROM_SWEEP,
    (_SWEEP, "delete"): _FROM_SWEEP,
    ("/v1/photos", "post"): {"self": Way("get", "/v1/photos/{photo}", _PHOTO)},
    (_MODEL, "get"): {"layers": Way("get", f"{_MODEL}/layers", {"model": "$response.body#/name"})},
    (_LAYER, "get"): {"unit": Way("get", f"{_LAYER}/units/{{n}}", {**_LAYER_SHOWN, "n": 0})},
    (f"{_LAYER}/units/{{n}}", "get"): {"layer": Way("get", _LAYER, {**_LAYER_SHOWN, "layer": "$response.body#/layer"})},
}
"""By path and method, for each good answer that has a body of JSON. None from a list: it may be empty."""


def add(document: dict[str, Any]) -> None:
    """Puts the ways of `WAYS` beside the answers that they start from."""
    paths = document["paths"]
    for (path, method), ways in WAYS.items():
        links = {
            name: {"operationId": paths[way.path][way.method]["operationId"], "parameters": way.given}
            for name, way in ways.items()
        }
        for status, answer in paths[path][method]["responses"].items():
            if status.startswith("2") and "application/json" in answer.get("content", {}):
                answer["links"] = links
