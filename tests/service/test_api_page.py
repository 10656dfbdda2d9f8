"""docs/api.md says what is true: its addresses exist, its bodies are accepted, and no endpoint goes unmentioned."""

from __future__ import annotations

import json
import re
import shlex
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from featurelens.jobs import errors
from featurelens.jobs.spec.activations import ActivationsSpec
from featurelens.jobs.spec.attribution import AttributionSpec
from featurelens.jobs.spec.base import SpecModel
from featurelens.jobs.spec.maps import MapsSpec
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.service.problems import CODES, STATUS
from featurelens.service.schemas.comparison_request import ComparisonRequest
from featurelens.service.schemas.sweep_spec import SweepSpec
from tests.support.paths import ROOT
from tests.support.server import Server

PAGE = (ROOT / "docs" / "api.md").read_text()
TOLD = (
    "/v1/visualizations",
    "/v1/activations",
    "/v1/maps",
    "/v1/filters",
    "/v1/scans",
    "/v1/datasets",
    "/v1/attributions",
    "/v1/comparisons",
    "/v1/sweeps",
)
"""What begins with one of these is told of here, every address and every method."""
SPECS: dict[str, type[SpecModel]] = {
    "/v1/visualizations": VisualizationSpec,
    "/v1/visualizations/estimate": VisualizationSpec,
    "/v1/activations": ActivationsSpec,
    "/v1/maps": MapsSpec,
    "/v1/attributions": AttributionSpec,
    "/v1/comparisons": ComparisonRequest,
    "/v1/scans": ScanSpec,
    "/v1/sweeps": SweepSpec,
    "/v1/sweeps/estimate": SweepSpec,
}
"""What the bodies sent there are."""


class Call(NamedTuple):
    """One curl of the page."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: str | None


def calls() -> list[Call]:
    found = []
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    for block in (block for language, block in blocks if not language):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line)
            options: dict[str, str | None] = {"-X": "GET", "-d": None, "-H": None, "-o": None, "--data-binary": None}
            address = ""
            rest = iter(words[1:])
            for word in rest:
                if word in options:
                    options[word] = next(rest)
                elif not word.startswith("-"):
                    address = word
            url = urlsplit("//" + address)
            found.append(Call(options["-X"] or "GET", url.path, parse_qs(url.query), options["-d"]))
    return found


def template(path: str, paths: dict[str, object]) -> str | None:
    """The path of the document that `path` is an example of."""
    return next((known for known in paths if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), path)), None)


@pytest.mark.parametrize("call", calls(), ids=lambda call: f"{call.method} {call.path}")
def test_every_call_is_declared(server: Server, call: Call) -> None:
    path = template(call.path, server.api["paths"])
    assert path is not None
    operation = server.api["paths"][path][call.method.lower()]
    declared = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"}
    assert set(call.query) <= declared


@pytest.mark.parametrize("call", [call for call in calls() if call.body], ids=lambda call: call.path)
def test_every_body_is_accepted(call: Call) -> None:
    SPECS[call.path].model_validate(json.loads(call.body or ""))


def test_no_endpoint_goes_unmentioned(server: Server) -> None:
    told = {(template(call.path, server.api["paths"]), call.method.lower()) for call in calls()}
    there = {(path, method) for path, methods in server.api["paths"].items() for method in methods}
    assert {(path, method) for path, method in there - told if path.startswith(TOLD)} == set()


def test_examples_are_accepted(server: Server, client: httpx.Client) -> None:
    """The examples in the document are understood: what is not known here is network or picture, not the body."""
    for path, kind in SPECS.items():
        content = server.api["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        for example in content["examples"].values():
            kind.model_validate(example["value"])
            answer = client.post(path, json=example["value"])
            unknown = "unknown-photo" if kind is ComparisonRequest else "unknown-model"
            assert answer.json()["type"].endswith(f":{unknown}")


def parameters(api: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Those that no request can leave out, with path and method."""
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            yield from ((path, method, one) for one in operation.get("parameters", ()) if one.get("required"))


def test_what_must_be_said_has_an_example(server: Server) -> None:
    """The samples of /docs are made of them; they are understood, if of nothing that there is."""
    told: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for path, method, one in parameters(server.api):
        example = one["schema"].get("examples", [one["schema"].get("default")])[0]
        assert example is not None, (path, one["name"])
        told[path, method][one["name"]] = example
    for (path, method), values in told.items():
        if method == "get" and not path.endswith("/events"):
            query = {name: value for name, value in values.items() if f"{{{name}}}" not in path}
            answer = server.client.get(path.format(**values), params=query)
            assert answer.status_code != 422, answer.text


def test_every_answer_has_an_example(server: Server) -> None:
    """Those in JSON; they are made by the code that makes the answers, so they are what it says."""
    for path, methods in server.api["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                for kind, content in answer.get("content", {}).items():
                    if kind == "application/problem+json":
                        assert content["example"]["status"] == int(status)
                    elif kind in {"application/json", "text/event-stream"}:
                        assert content["example"], (path, method, status)


def test_every_refusal_is_told() -> None:
    kinds = [kind for kind in errors.BY_CODE.values() if not kind.__subclasses__()]
    codes = {kind.code for kind in kinds if next(STATUS[one] for one in kind.__mro__ if one in STATUS) != 500}
    for code in codes | set(CODES.values()) | {"bad-json", "too-many-connections", "header-too-slow"}:
        assert f"`{code}`" in PAGE, code
