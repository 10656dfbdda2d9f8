"""Who may do what."""

from __future__ import annotations

import time

import pytest

from featurelens.service.auth.api_keys import SCOPES, ApiKeys, Scope
from featurelens.service.event_stream import CHECK
from tests.support.authorization import bearer
from tests.support.problems import check
from tests.support.server import Server
from tests.support.visualizations import BODY, URL

IMAGE = f"{URL}/fv1_{'0' * 64}/image"


@pytest.mark.parametrize("sent", [None, "Bearer", "Bearer nonsense", "Bearer fl_00_11", "Basic YTpi"])
def test_without_a_key(guarded: Server, sent: str | None) -> None:
    answer = guarded.client.post(URL, json=BODY, headers={"Authorization": sent} if sent else {})
    check(answer, 401, "not-authenticated")
    assert answer.headers["www-authenticate"].startswith('Bearer realm="featurelens"')
    assert guarded.client.get("/livez").status_code == 200
    assert guarded.client.get("/openapi.json").status_code == 200


@pytest.mark.parametrize("address", [URL, "/v1/sweeps", "/v1/activations"])
@pytest.mark.parametrize("body", [b"{", b"{}", b"x" * (3 << 20)], ids=["no JSON", "no spec", "too large"])
def test_who_calls_comes_before_what_is_sent(guarded: Server, api_keys: ApiKeys, address: str, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    check(guarded.client.post(address, content=body, headers=headers), 401, "not-authenticated")
    reader = headers | bearer(api_keys.create("read"))
    check(guarded.client.post(address, content=body, headers=reader), 403, "not-allowed")
    asker = headers | bearer(api_keys.create("render"))
    assert guarded.client.post(address, content=body, headers=asker).status_code in {400, 413, 422}


def test_every_body_waits_for_the_caller(guarded: Server) -> None:
    """Also of addresses to come."""
    asked = [
        (method, path.replace("{photo}", "x"))
        for path, methods in guarded.api["paths"].items()
        for method, told in methods.items()
        if "requestBody" in told
    ]
    assert len(asked) == 10
    for method, path in asked:
        answer = guarded.client.request(method, path, content=b"{", headers={"Content-Type": "application/json"})
        check(answer, 401, "not-authenticated")


@pytest.mark.parametrize("by", ["key", "token"])
def test_a_stream_ends_with_its_key(guarded: Server, api_keys: ApiKeys, by: str) -> None:
    """Within seconds; those of others go on."""
    headers = bearer(api_keys.create("render"))
    key = guarded.client.post(URL, json=BODY, headers=headers).json()["key"]
    (render,) = api_keys.all()
    token = guarded.client.get(f"{URL}/{key}/token", headers=headers).json()["token"]
    events = f"{URL}/{key}/events"
    mine = (events, headers) if by == "key" else (f"{events}?token={token}", {})
    other = bearer(api_keys.create("read"))
    with (
        guarded.client.stream("GET", mine[0], headers=mine[1]) as stream,
        guarded.client.stream("GET", events, headers=other) as going_on,
    ):
        lines, others = stream.iter_lines(), going_on.iter_lines()
        assert "event: queued" in (next(lines), next(lines))
        assert api_keys.revoke(render.id)
        begun = time.monotonic()
        assert "event: succeeded" not in list(lines)
        assert time.monotonic() - begun < 2 * CHECK
        assert "event: queued" in (next(others), next(others))
        assert guarded.watcher.watchers(key) == 1
    check(guarded.client.get(mine[0], headers=mine[1]), 401, "not-authenticated")


@pytest.mark.parametrize("scope", SCOPES)
def test_scopes(guarded: Server, api_keys: ApiKeys, scope: Scope) -> None:
    sent = bearer(api_keys.create(scope))
    assert guarded.client.get("/v1/models", headers=sent).status_code == 200
    post = guarded.client.post(URL, json=BODY, headers=sent)
    delete = guarded.client.delete(IMAGE, headers=sent)
    if scope == "read":
        check(post, 403, "not-allowed")
        assert 'scope="render"' in post.headers["www-authenticate"]
    else:
        assert post.status_code == 202
    if scope == "admin":
        check(delete, 404, "not-found")
    else:
        check(delete, 403, "not-allowed")


def test_revoked_at_once(guarded: Server, api_keys: ApiKeys) -> None:
    sent = bearer(api_keys.create("read"))
    assert guarded.client.get("/v1/models", headers=sent).status_code == 200
    assert api_keys.revoke(api_keys.all()[0].id)
    check(guarded.client.get("/v1/models", headers=sent), 401, "not-authenticated")
