"""Web pages of the origins that the operator names may call the service."""

from __future__ import annotations

from pathlib import Path

import httpx

from featurelens.jobs.settings import Settings
from tests.support.server import Server
from tests.support.visualizations import URL


def test_cors(broker: str, tmp_path: Path, client: httpx.Client) -> None:
    with Server(Settings(redis_url=broker, state=tmp_path, cors_origins="https://a.example, https://b.example")) as s:
        allowed = s.client.get("/v1/models", headers={"Origin": "https://b.example"})
        assert allowed.headers["access-control-allow-origin"] == "https://b.example"
        refused = s.client.get("/v1/nothing", headers={"Origin": "https://b.example"})
        assert refused.headers["access-control-allow-origin"] == "https://b.example", "pages may read refusals too"
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,prefer"}
        assert s.client.options(URL, headers={"Origin": "https://a.example", **asked}).status_code == 200
        assert s.client.options(URL, headers={"Origin": "https://c.example", **asked}).status_code == 400
        other = s.client.get("/v1/models", headers={"Origin": "https://c.example"})
        assert "access-control-allow-origin" not in other.headers
    assert (
        "access-control-allow-origin" not in client.get("/v1/models", headers={"Origin": "https://a.example"}).headers
    )
