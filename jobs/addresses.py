"""The addresses of the HTTP API, each written once: for the routes, for links in answers, for what errors point at.

A name is quoted as one segment of a path; a placeholder such as ``{key}`` or ``{model:name}`` stays as it is, so that
``image("{key}")`` is the template of a route.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

ROOT = "/v1"
VISUALIZATIONS = f"{ROOT}/visualizations"
ACTIVATIONS = f"{ROOT}/activations"
MAPS = f"{ROOT}/maps"
FILTERS = f"{ROOT}/filters"
ATTRIBUTIONS = f"{ROOT}/attributions"
SCANS = f"{ROOT}/scans"
COMPARISONS = f"{ROOT}/comparisons"
SWEEPS = f"{ROOT}/sweeps"
PHOTOS = f"{ROOT}/photos"
MODELS = f"{ROOT}/models"
DATASETS = f"{ROOT}/datasets"
STATUS = f"{ROOT}/status"
EVENTS = f"{ROOT}/events"

LIVENESS = "/livez"
READINESS = "/readyz"
METRICS = "/metrics"
DOCUMENT = "/openapi.json"
DOCS = "/docs"
PAGES = "/ui"

_PLACEHOLDER = re.compile(r"\{\w+(:\w+)?\}")


def job(jobs: str, key: str, part: str | None = None) -> str:
    """Of one of the `jobs` of a kind, which are those of their list; or of what is shown of it."""
    return f"{jobs}/{key}" if part is None else f"{jobs}/{key}/{part}"


def visualization(key: str) -> str:
    return f"{VISUALIZATIONS}/{key}"


def preview(key: str) -> str:
    return f"{visualization(key)}/preview"


def image(key: str) -> str:
    return f"{visualization(key)}/image"


def activations(key: str) -> str:
    return f"{ACTIVATIONS}/{key}"


def activations_maps(key: str, layer_name: str) -> str:
    """All maps of a layer; the addresses of what is seen of them begin so."""
    return f"{activations(key)}/maps/{_segment(layer_name)}"


def activations_map(key: str, layer_name: str, channel: int | str) -> str:
    return f"{activations_maps(key, layer_name)}/{channel}"


def activations_sheet(key: str, layer_name: str) -> str:
    return f"{activations_maps(key, layer_name)}/sheet"


def activations_attention(key: str, layer_name: str, head: int | str) -> str:
    return f"{activations_maps(key, layer_name)}/attention/{head}"


def activations_positions(key: str) -> str:
    return f"{activations(key)}/positions"


def maps(key: str) -> str:
    return f"{MAPS}/{key}"


def maps_file(key: str) -> str:
    return f"{maps(key)}/file"


def filters(key: str) -> str:
    return f"{FILTERS}/{key}"


def filters_image(key: str) -> str:
    return f"{filters(key)}/image"


def attribution(key: str) -> str:
    return f"{ATTRIBUTIONS}/{key}"


def attribution_image(key: str) -> str:
    return f"{attribution(key)}/image"


def attribution_file(key: str) -> str:
    return f"{attribution(key)}/file"


def comparison(key: str) -> str:
    return f"{COMPARISONS}/{key}"


def scan(key: str) -> str:
    return f"{SCANS}/{key}"


def scan_table(key: str) -> str:
    return f"{scan(key)}/table"


def scan_units(key: str) -> str:
    return f"{scan(key)}/units"


def crop(key: str, image: int | str) -> str:
    """A part of an image that a scan names."""
    return f"{scan(key)}/crops/{image}"


def estimate(submission: str) -> str:
    """What it would cost to POST the same body to `submission`."""
    return f"{submission}/estimate"


def sweep(id: str) -> str:
    return f"{SWEEPS}/{id}"


def sweep_items(id: str) -> str:
    return f"{sweep(id)}/items"


def sweep_sheet(id: str) -> str:
    return f"{sweep(id)}/sheet"


def photo(digest: str) -> str:
    return f"{PHOTOS}/{digest}"


def dataset(name: str) -> str:
    return f"{DATASETS}/{_segment(name)}"


def model(name: str) -> str:
    return f"{MODELS}/{_segment(name, ':@')}"


def layers(model_name: str) -> str:
    return f"{model(model_name)}/layers"


def layer(model_name: str, name: str) -> str:
    return f"{layers(model_name)}/{_segment(name)}"


def units(model_name: str, layer_name: str) -> str:
    """Those of a layer, each with the pictures of it."""
    return f"{layer(model_name, layer_name)}/units"


def unit(model_name: str, layer_name: str, channel: int | str) -> str:
    return f"{units(model_name, layer_name)}/{channel}"


def unit_filters(model_name: str, layer_name: str, channel: int | str) -> str:
    return f"{unit(model_name, layer_name, channel)}/filters"


def examples(model_name: str, layer_name: str, channel: int | str) -> str:
    return f"{unit(model_name, layer_name, channel)}/examples"


def alike(model_name: str, layer_name: str, channel: int | str) -> str:
    """The units of its layer that answer alike over a data set."""
    return f"{unit(model_name, layer_name, channel)}/alike"


def spectrum(model_name: str, layer_name: str, channel: int | str) -> str:
    """A unit's optimized pictures, with its dataset examples between them."""
    return f"{unit(model_name, layer_name, channel)}/spectrum"


def spectrum_sheet(model_name: str, layer_name: str, channel: int | str) -> str:
    return f"{spectrum(model_name, layer_name, channel)}/sheet"


def visualizations_of(model_name: str, layer_name: str, channel: int | None = None) -> str:
    """The list of what has been made of a layer, or of one of its channels."""
    return with_query(VISUALIZATIONS, {"model": model_name, "layer": layer_name, "channel": channel})


def with_query(path: str, query: Mapping[str, Any]) -> str:
    """Values that are None are left out; true and false are written as JSON has them. `path` may have a query."""
    given = {name: value for name, value in query.items() if value is not None}
    text = {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}
    return f"{path}{'&' if '?' in path else '?'}{urlencode(text)}" if text else path


def _segment(name: str, safe: str = "") -> str:
    return name if _PLACEHOLDER.fullmatch(name) else quote(name, safe=safe)
