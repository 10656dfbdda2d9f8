"""Who may do what."""

from __future__ import annotations

import pytest

from featurelens.service.auth.api_keys import SCOPES, ApiKeys, Scope
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
