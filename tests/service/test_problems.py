"""Every error has the same shape, says what is valid, and is declared."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from featurelens.jobs import errors
from featurelens.jobs.settings import Settings
from featurelens.jobs.spec.objectives import MAX_VECTOR
from featurelens.service.problems import MOST_FAULTS, STATUS
from tests.support.problems import check
from tests.support.server import Server
from tests.support.visualizations import BODY, URL
from tests.support.wait import until

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"channel": -1}, "/channel"),
        ({"channel": True}, "/channel"),
        ({"channel": 1.5}, "/channel"),
        ({"colour": "red"}, "/colour"),
        ({"a/b~c": 1}, "/a~1b~0c"),
        ({"steps": 10**9}, "/steps"),
        ({"size": [64, 5]}, "/size/1"),
        ({"sign": "up"}, "/sign"),
        ({"model": None}, "/model"),
    ],
)
def test_invalid(client: httpx.Client, change: dict[str, Any], pointer: str) -> None:
    problem = check(client.post(URL, json={**BODY, **change}), 422, "invalid-spec")
    assert pointer in [fault["pointer"] for fault in problem["errors"]]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"objective": {"type": "direction", "vector": [1.0, "x"]}}, "/objective/vector/1"),
        ({"objective": {"type": "class", "label": -1}}, "/objective/label"),
        ({"objective": {"type": "class"}}, "/objective/label"),
        ({"objective": {"type": "joint", "terms": [{"layer": "l"}]}}, "/objective/terms/0/channel"),
        (
            {"objective": {"type": "joint", "terms": [{"layer": "l", "channel": 0, "joint": 1}]}},
            "/objective/terms/0/joint",
        ),
        ({"objective": {"type": "direction"}}, "/objective"),
        ({"objective": {"type": "none"}}, "/objective"),
        ({"parameterization": {"type": "cppn", "width": "x"}}, "/parameterization/width"),
        ({"transform": {"scale": [1.0, "x"]}}, "/transform/scale/1"),
        ({"optimizer": {"type": "adam", "beta1": 2}}, "/optimizer/beta1"),
        ({"unit": "conv2:9999999999"}, "/channel"),
    ],
    ids=str,
)
def test_pointers_lead_into_the_body(client: httpx.Client, change: dict[str, Any], pointer: str) -> None:
    """To the value, or to where one is missing: a pointer is followed by programs."""
    body = {"model": "tinynet", "layer": "conv2"} | change
    problem = check(client.post(URL, json=body), 422, "invalid-spec")
    assert {fault["pointer"] for fault in problem["errors"]} == {pointer}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"model": "tinynet"}, "objective channel needs layer"),
        ({"model": "tinynet", "layer": "a", "channel": 0, "objective": {"type": "layer"}}, "takes no channel"),
        ({"unit": "/"}, "unit must be model/layer:channel"),
        ({"unit": "a/b:0", "model": "c"}, "unit says another model"),
        ([], "the body: "),
        ("x", "the body: "),
        (None, "the body: "),
    ],
    ids=str,
)
def test_faults_of_the_whole_body(client: httpx.Client, body: Any, told: str) -> None:
    """What they are about is in their words."""
    problem = check(client.post(URL, content=json.dumps(body), headers=JSON), 422, "invalid-spec")
    assert told in problem["detail"]
    assert [fault["pointer"] for fault in problem["errors"]] == [""]
    assert problem["detail"] == problem["errors"][0]["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {f"{n:x}": 1 for n in range(100_000)},
        {"model": "m", "objective": {"type": "direction", "vector": [""] * MAX_VECTOR}, "layer": "l"},
        {"model": "m", "snapshots": [""] * 100_000},
        {"model": "m", "objective": {"type": "joint", "terms": [{}] * 100_000}},
    ],
    ids=["fields", "vector", "snapshots", "terms"],
)
def test_any_number_of_faults_makes_a_short_answer(client: httpx.Client, body: dict[str, Any]) -> None:
    answer = client.post(URL, json=body)
    problem = check(answer, 422, "invalid-spec")
    assert len(answer.content) < 20_000
    assert 1 <= len(problem["errors"]) <= MOST_FAULTS
    if len(problem["errors"]) == MOST_FAULTS:
        assert problem["detail"].endswith(" more")


@pytest.mark.parametrize(
    ("change", "code", "pointer", "valid"),
    [
        ({"model": "tinnynet"}, "unknown-model", "/model", "tinynet"),
        ({"layer": "conv9"}, "unknown-layer", "/layer", "conv1"),
        ({"channel": 16}, "out-of-range", "/channel", "between 0 and 15"),
        ({"size": 32}, "out-of-range", "/size", "at least 48"),
        ({"objective": {"type": "neuron", "x": 500}}, "out-of-range", "/objective/x", "between 0 and 23"),
    ],
)
def test_not_in_the_catalog(client: httpx.Client, change: dict[str, Any], code: str, pointer: str, valid: str) -> None:
    problem = check(client.post(URL, json={**BODY, **change}), 422, code)
    assert valid in problem["detail"]
    (fault,) = problem["errors"]
    assert fault.items() >= {"pointer": pointer, "detail": problem["detail"]}.items()


@pytest.mark.parametrize(
    ("change", "code", "valid"),
    [
        ({"model": "tinnynet"}, "unknown-model", ["tinynet"]),
        ({"layer": "conv"}, "unknown-layer", ["conv2", "conv1"]),
        ({"sign": "up"}, "invalid-spec", ["positive", "negative"]),
        ({"channel": 16}, "out-of-range", []),
    ],
)
def test_names_that_would_do(client: httpx.Client, change: dict[str, Any], code: str, valid: list[str]) -> None:
    problem = check(client.post(URL, json={**BODY, **change}), 422, code)
    assert [name for fault in problem["errors"] for name in fault["valid"]] == valid


def test_kinds_of_objectives_that_would_do(client: httpx.Client) -> None:
    problem = check(client.post(URL, json={**BODY, "objective": {"type": "neuro"}}), 422, "invalid-spec")
    assert {"channel", "neuron", "class", "direction"} <= set(problem["errors"][0]["valid"])


@pytest.mark.parametrize(
    "body", [b"{", b"", b" ", b"\xff\xfe", b"[" * 20_000, b"[]", b"3", b'"x"', b"null", b'{"channel": NaN}']
)
def test_bodies_that_are_none(client: httpx.Client, body: bytes) -> None:
    answer = client.post(URL, content=body, headers=JSON)
    assert answer.status_code in {400, 422}
    check(answer, answer.status_code, answer.json()["type"].rsplit(":", 1)[1])


def test_bad_json(client: httpx.Client) -> None:
    check(client.post(URL, content=b'{"model": ', headers=JSON), 400, "bad-json")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "nonsense", ""]
)
def test_not_called_json(client: httpx.Client, kind: str) -> None:
    check(client.post(URL, content=json.dumps(BODY), headers={"Content-Type": kind}), 415, "wrong-media-type")


def test_called_json_in_other_ways(client: httpx.Client) -> None:
    for kind in ("application/json; charset=utf-8", "Application/JSON", "application/vnd.x+json"):
        answer = client.post(URL, content=json.dumps(BODY), headers={"Content-Type": kind})
        assert answer.status_code == 202


def test_too_large(client: httpx.Client) -> None:
    most = Settings().body_bytes
    large = json.dumps({**BODY, "layer": "x" * most}).encode()
    check(client.post(URL, content=large, headers=JSON), 413, "body-too-large")
    chunks = iter([large[:40_000], large[40_000:]])
    check(client.post(URL, content=chunks, headers=JSON), 413, "body-too-large")


def test_routes(client: httpx.Client) -> None:
    check(client.get("/nowhere"), 404, "not-found")
    answer = client.put(URL, json=BODY)
    check(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, HEAD, POST"
    assert client.post(f"{URL}/fv1_0").headers["allow"] == "DELETE, GET, HEAD"
    check(client.delete("/livez"), 405, "method-not-allowed")
    assert client.delete("/docs").headers["allow"] == "GET, HEAD"


def test_every_error_has_a_status() -> None:
    for kind in errors.BY_CODE.values():
        assert any(ancestor in STATUS for ancestor in kind.__mro__)


def test_unexpected(client: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The client is told no reason, but a name under which the log has it; an alert can count it."""
    monkeypatch.setattr("featurelens.jobs.catalog.catalog.Catalog.models", lambda _: 1 / 0)
    answer = client.get("/v1/models", headers={"X-Request-ID": "broken-1"})
    assert "division" not in json.dumps(check(answer, 500, "internal"))
    assert answer.headers["x-request-id"] == "broken-1"

    def logged() -> list[str]:
        said = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
        return [line["event"] for line in said if line.get("request") == "broken-1"]

    until(lambda: logged() == ["unexpected error", "request"])
    assert 'featurelens_requests_total{method="GET",status="500"}' in client.get("/metrics").text


def test_declared(server: Server) -> None:
    """Each endpoint declares its problems, and nothing of FastAPI's own shape is left."""
    text = json.dumps(server.api)
    assert "HTTPValidationError" not in text
    for path, methods in server.api["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], (path, status)
    answers = {"200", "202", "400", "401", "403", "408", "409", "413", "415", "421", "422", "429", "503", "507"}
    assert set(server.api["paths"][URL]["post"]["responses"]) == answers
