"""The page about the API needs nobody else, and shows what the document says."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.support.server import Server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


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


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)")
def test_in_a_browser(server: Server, client: httpx.Client, tmp_path: Path) -> None:
    """An operation that the address names is open, with types that lead to shapes, samples and a form."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", "--dump-dom"]
    address = f"{server.url}/docs#visualizations-ask"
    command = [str(CHROMIUM), *options, "--timeout=20000", "--virtual-time-budget=20000", address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    shown = html.unescape(done.stdout)
    assert client.get("/docs").status_code == 200
    for operation in ("visualizations-ask", "photos-upload", "scans-events"):
        assert f'<details id="{operation}"' in shown
    (asking,) = re.findall(r'<details id="visualizations-ask" open.*?</form>', shown, re.DOTALL)
    assert '<a href="#VisualizationSpec"' in asking
    assert '<details id="VisualizationSpec">' in shown
    assert "<em>input image</em>" in asking
    body = '{"model":"patternnet","layer":"logits","channel":2}'
    assert f"curl -X POST -H 'Content-Type: application/json' -d '{body}' '{server.url}/v1/visualizations'" in asking
    python = (
        f'httpx.post("{server.url}/v1/visualizations", json={{"model": "patternnet", "layer": "logits", "channel": 2}})'
    )
    assert python in asking
    assert "<textarea" in asking
