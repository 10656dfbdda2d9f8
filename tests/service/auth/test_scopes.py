"""Each endpoint states its scope, and refuses before it does anything else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from featurelens.jobs.settings import Settings
from featurelens.service.app import create_app
from featurelens.service.auth.access import ScopeCheck, ScopeOrTokenCheck
from featurelens.service.auth.api_keys import ApiKey, ApiKeys
from tests.support.problems import check
from tests.support.server import Server
from tests.support.visualizations import BODY, KEY

SCOPES = {
    "GET /v1/visualizations": "read",
    "POST /v1/visualizations": "render",
    "POST /v1/visualizations/estimate": "read",
    "GET /v1/visualizations/{key}": "read",
    "DELETE /v1/visualizations/{key}": "render",
    "GET /v1/visualizations/{key}/events": "read or token",
    "GET /v1/visualizations/{key}/preview": "read or token",
    "GET /v1/visualizations/{key}/image": "read or token",
    "DELETE /v1/visualizations/{key}/image": "admin",
    "GET /v1/visualizations/{key}/token": "read",
    "POST /v1/activations": "render",
    "GET /v1/activations": "read",
    "GET /v1/activations/{key}": "read",
    "GET /v1/activations/{key}/events": "read or token",
    "GET /v1/activations/{key}/token": "read",
    "DELETE /v1/activations/{key}": "render",
    "DELETE /v1/activations/{key}/result": "admin",
    "GET /v1/activations/{key}/maps/{layer}": "read or token",
    "GET /v1/activations/{key}/maps/{layer}/sheet": "read or token",
    "GET /v1/activations/{key}/maps/{layer}/{channel}": "read or token",
    "GET /v1/activations/{key}/maps/{layer}/attention/{head}": "read or token",
    "GET /v1/activations/{key}/positions": "read or token",
    "POST /v1/maps": "render",
    "GET /v1/maps": "read",
    "GET /v1/maps/{key}": "read",
    "GET /v1/maps/{key}/events": "read or token",
    "GET /v1/maps/{key}/token": "read",
    "GET /v1/maps/{key}/file": "read",
    "DELETE /v1/maps/{key}": "render",
    "DELETE /v1/maps/{key}/result": "admin",
    "GET /v1/filters": "read",
    "GET /v1/filters/{key}": "read",
    "GET /v1/filters/{key}/image": "read or token",
    "GET /v1/filters/{key}/events": "read or token",
    "GET /v1/filters/{key}/token": "read",
    "DELETE /v1/filters/{key}": "render",
    "DELETE /v1/filters/{key}/result": "admin",
    "POST /v1/attributions": "render",
    "GET /v1/attributions": "read",
    "GET /v1/attributions/{key}": "read",
    "GET /v1/attributions/{key}/events": "read or token",
    "GET /v1/attributions/{key}/token": "read",
    "GET /v1/attributions/{key}/image": "read or token",
    "GET /v1/attributions/{key}/file": "read",
    "DELETE /v1/attributions/{key}": "render",
    "DELETE /v1/attributions/{key}/result": "admin",
    "POST /v1/comparisons": "render",
    "GET /v1/comparisons": "read",
    "GET /v1/comparisons/{key}": "read",
    "GET /v1/comparisons/{key}/events": "read or token",
    "GET /v1/comparisons/{key}/token": "read",
    "DELETE /v1/comparisons/{key}": "render",
    "DELETE /v1/comparisons/{key}/result": "admin",
    "POST /v1/scans": "render",
    "GET /v1/scans": "read",
    "GET /v1/scans/{key}": "read",
    "GET /v1/scans/{key}/events": "read or token",
    "GET /v1/scans/{key}/token": "read",
    "GET /v1/scans/{key}/table": "read",
    "GET /v1/scans/{key}/units": "read",
    "GET /v1/scans/{key}/crops/{image}": "read or token",
    "DELETE /v1/scans/{key}": "render",
    "DELETE /v1/scans/{key}/result": "admin",
    "POST /v1/sweeps": "render",
    "POST /v1/sweeps/estimate": "read",
    "GET /v1/sweeps/{id}": "read",
    "GET /v1/sweeps/{id}/items": "read",
    "GET /v1/sweeps/{id}/sheet": "read",
    "DELETE /v1/sweeps/{id}": "render",
    "POST /v1/photos": "render",
    "GET /v1/photos/{photo}": "read",
    "GET /v1/datasets": "read",
    "GET /v1/datasets/{name}": "read",
    "GET /v1/models": "read",
    "GET /v1/models/{model}": "read",
    "GET /v1/models/{model}/layers": "read",
    "GET /v1/models/{model}/layers/{layer}": "read",
    "GET /v1/models/{model}/layers/{layer}/units": "read",
    "GET /v1/models/{model}/layers/{layer}/units/{n}": "read",
    "GET /v1/models/{model}/layers/{layer}/units/{n}/filters": "read",
    "GET /v1/models/{model}/layers/{layer}/units/{n}/examples": "read",
    "GET /v1/models/{model}/layers/{layer}/units/{n}/alike": "read",
    "GET /v1/models/{model}/layers/{layer}/units/{n}/spectrum": "read",
    "POST /v1/models/{model}/layers/{layer}/units/{n}/spectrum": "render",
    "GET /v1/models/{model}/layers/{layer}/units/{n}/spectrum/sheet": "read",
    "GET /v1/events": "read",
    "GET /v1/status": "read",
    "GET /metrics": "read",
}
PREFIXES = {
    "visualizations": "fv1_",
    "activations": "fa1_",
    "maps": "fm1_",
    "filters": "ff1_",
    "scans": "fs1_",
    "attributions": "ft1_",
    "comparisons": "fc1_",
}
"""Of keys, by the first part of the addresses."""
OPEN = {
    *("GET /livez", "GET /readyz", "GET /docs", "GET /openapi.json"),
    *("GET /", "GET /ui", "GET /ui/{path}", "GET /ui/static/{digest}/{path}"),
}


def stated() -> Iterator[tuple[str, list[ScopeCheck]]]:
    """Every endpoint of the app, and the scopes it states; a scope comes before all its other dependencies."""
    for route in iter_route_contexts(create_app(Settings(redis_url="redis://127.0.0.1:1")).routes):
        if isinstance(route.original_route, APIRoute):
            found = [depends.dependency for depends in route.dependencies]
            checks = [one for one in found if isinstance(one, ScopeCheck)]
            assert not checks or found[0] is checks[0], route.path
            for method in route.methods or ():
                yield f"{method} {route.path_format}", checks


def test_every_endpoint_states_one_scope() -> None:
    found = dict(stated())
    for endpoint, checks in found.items():
        assert len(checks) == (0 if endpoint in OPEN else 1), endpoint
    scopes = {
        endpoint: checks[0].scope + (" or token" if isinstance(checks[0], ScopeOrTokenCheck) else "")
        for endpoint, checks in found.items()
        if checks
    }
    assert scopes == SCOPES


@pytest.fixture
def guarded(broker: str, tmp_path: Path, client: httpx.Client) -> Iterator[Server]:
    """A service that asks for keys; `client` has filled the broker."""
    with Server(Settings(redis_url=broker, state=tmp_path, auth="on")) as server:
        yield server


def test_who_sends_no_key_learns_nothing_else(guarded: Server) -> None:
    """Not that a name is unknown or malformed, nor that a body has the wrong type."""
    for endpoint in SCOPES:
        method, path = endpoint.split()
        check(guarded.client.request(method, re.sub(r"\{\w+\}", "nonsense", path)), 401, "not-authenticated")


def test_a_token_opens_what_says_so_and_nothing_else(guarded: Server, tmp_path: Path) -> None:
    sent = {"Authorization": f"Bearer {ApiKeys(Settings(state=tmp_path).keys_file).create('admin')}"}
    for endpoint, scope in SCOPES.items():
        method, path = endpoint.split()
        kind = next((one for one in PREFIXES if path.startswith(f"/v1/{one}")), "visualizations")
        key = PREFIXES[kind] + KEY[4:]
        token = guarded.client.get(f"/v1/{kind}/{key}/token", headers=sent).json()["token"]
        answer = guarded.client.request(method, re.sub(r"\{\w+\}", key, path), params={"token": token, "x": 0, "y": 0})
        if scope.endswith("token"):
            check(answer, 404, "not-found")
        else:
            check(answer, 401, "not-authenticated")


def test_less_than_the_scope_is_refused(guarded: Server, tmp_path: Path) -> None:
    sent = {"Authorization": f"Bearer {ApiKeys(Settings(state=tmp_path).keys_file).create('read')}"}
    for endpoint, scope in SCOPES.items():
        method, path = endpoint.split()
        answer = guarded.client.request(method, re.sub(r"\{\w+\}", "nonsense", path), headers=sent)
        assert (answer.status_code == 403) == (not scope.startswith("read")), endpoint


def test_the_key_is_looked_up_once(guarded: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many dependencies ask who the caller is."""
    sent = {"Authorization": f"Bearer {ApiKeys(Settings(state=tmp_path).keys_file).create('render')}"}
    found: list[str] = []
    find = ApiKeys.find

    def counted(self: ApiKeys, key: str) -> ApiKey | None:
        found.append(key)
        return find(self, key)

    monkeypatch.setattr(ApiKeys, "find", counted)
    assert guarded.client.post("/v1/visualizations", json=BODY, headers=sent).status_code == 202
    assert len(found) == 1
