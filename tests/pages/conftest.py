"""One running Featurelens with some pictures in it, and one browser."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from featurelens.launcher.claim import free_port
from tests.support import own_networks
from tests.support.browser import Visit, chromium, program, visiting
from tests.support.stack import Stack
from tests.support.wait import until

if sys.platform != "linux":
    pytest.skip("these tests look for processes in /proc", allow_module_level=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed before another module's tests begin, in whatever order they run."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Has pictures of eight classes, has read the bundled images for their layer, and holds two networks of its own."""
    program()
    folder = tmp_path_factory.mktemp("pages")
    own_networks.write(folder / "models")
    more = {"FORWARDED_ALLOW_IPS": "127.0.0.1", "FEATURELENS_MODELS": str(folder / "models")}
    with Stack(folder / "state", free_port(), **more) as stack:
        scan = stack.http.post("/v1/scans", json={"model": "patternnet", "dataset": "patterns", "layers": ["logits"]})
        classes = {"model": "patternnet", "layer": "logits", "channels": "0-7", "steps": 8}
        sweep = stack.http.post("/v1/sweeps", json=classes)
        for answer in (scan, sweep):
            assert answer.status_code in {200, 202}, answer.text
        until(lambda: stack.see(sweep.json()["links"]["self"])["status"] == "finished", 400, "pictures of classes")
        until(lambda: stack.see(scan.json()["links"]["self"])["status"] == "succeeded", 400, "scan")
        yield stack


@pytest.fixture
def visit(browser: Browser, stack: Stack) -> Iterator[Visit]:
    with visiting(browser, f"http://127.0.0.1:{stack.port}") as visit:
        yield visit
