"""The page about the API needs nobody else; what it shows is looked at in tests/pages."""

from __future__ import annotations

import re

import httpx


def test_self_hosted(client: httpx.Client) -> None:
    answer = client.get("/docs")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", answer.text), "no address of another host"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; connect-src 'self'; img-src blob:; script-src 'sha256-")
    assert "unsafe" not in policy
    assert answer.text.count("<script") == answer.text.count("<style") == 1
    assert "{{" not in answer.text
