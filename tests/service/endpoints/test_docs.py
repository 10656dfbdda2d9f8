"""The page about the API needs nobody else."""

from __future__ import annotations

import re

import httpx


def test_self_hosted(client: httpx.Client) -> None:
    answer = client.get("/docs")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "//" not in re.sub(r"^\s*//.*$|// \$\{", "", answer.text, flags=re.MULTILINE), "no address of another host"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
