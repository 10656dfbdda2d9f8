"""Web pages of the origins that the operator names may call the service."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from featurelens.jobs.settings import Settings
from featurelens.service.openapi.headers import EXPOSED
from tests.support.paths import ROOT
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


SEEN_ANYWAY = {"Cache-Control", "Content-Length", "Content-Type"}
"""What browsers show of an answer, whatever it says."""

FOR_BROWSERS = {
    *("Content-Encoding", "Content-Security-Policy", "Referrer-Policy", "Vary"),
    *("X-Accel-Buffering", "X-Content-Type-Options"),
}
"""What browsers and proxies act on, and pages need not know."""

OF_REQUESTS = {"Accept-Encoding", "Idempotency-Key", "If-None-Match", "Last-Event-ID", "User-Agent"}
"""Those that are asked with, here or of receivers."""


def named() -> Iterator[str]:
    """Whatever looks like the name of a header in the code of the service."""
    for path in (ROOT / "service").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and re.fullmatch(r"[A-Z]\w*(-[A-Z]\w*)+|ETag|RateLimit|Location", text):
                yield text


def test_pages_see_what_answers_carry() -> None:
    """All that the code has a name for is in the list, or has a reason not to be."""
    found = set(named())
    assert {"Featurelens-Scale", "X-Request-ID", "RateLimit-Policy"} <= found
    asked = {*OF_REQUESTS, "Featurelens-Callback", "X-Forwarded-Prefix"}
    assert found - SEEN_ANYWAY - FOR_BROWSERS - asked == set(EXPOSED)


def test_pages_may_send_what_is_documented(broker: str, tmp_path: Path) -> None:
    with Server(Settings(redis_url=broker, state=tmp_path, cors_origins="https://a.example")) as server:
        document: dict[str, Any] = server.client.get("/openapi.json").json()
        sent = {
            parameter["name"]
            for methods in document["paths"].values()
            for operation in methods.values()
            for parameter in operation.get("parameters", ())
            if parameter.get("in") == "header"
        }
        assert {"prefer", "idempotency-key"} <= {name.lower() for name in sent}
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": ",".join(sorted(sent))}
        told = server.client.options(URL, headers={"Origin": "https://a.example", **asked})
        assert told.status_code == 200, told.text
        shown = server.client.get("/v1/models", headers={"Origin": "https://a.example"})
        assert set(shown.headers["access-control-expose-headers"].split(", ")) == set(EXPOSED)
