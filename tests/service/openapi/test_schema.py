"""Schemathesis asks whatever the OpenAPI document allows, and much that it forbids: nothing undeclared comes back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.queue.liveness import RENDERER
from featurelens.jobs.store.file_store import FileStore
from tests.support.catalog import ENTRY, LAYERS
from tests.support.fake_worker import FakeWorker
from tests.support.paths import ROOT
from tests.support.server import Server

TOOL = Path(sys.executable).with_name("st")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
WALKED = {
    "GET /v1/visualizations/{key}",
    "GET /v1/visualizations/{key}/events",
    "GET /v1/visualizations/{key}/image",
    "DELETE /v1/visualizations/{key}/image",
    "GET /v1/sweeps/{id}",
    "GET /v1/sweeps/{id}/items",
    "GET /v1/sweeps/{id}/sheet",
    "GET /v1/photos/{photo}",
}
"""What the walk must have reached, by links that the document declares, and found something there."""


@pytest.fixture
def url(server: Server, client: httpx.Client, catalog: Catalog, redis: Redis, store: FileStore) -> Iterator[str]:
    """A service whose catalog has the network that the examples name, and somebody who makes pictures."""
    known = ENTRY.model_copy(update={"aliases": ("tinynet", "patternnet")})
    catalog.publish([known])
    catalog.publish_layers(known.name, LAYERS)
    redis.persist(RENDERER)
    assert client.get("/readyz").status_code == 200
    with FakeWorker(redis, store):
        yield f"{server.url}/openapi.json"


def run(url: str, folder: Path, seconds: int, *options: str) -> Path:
    """Returns the report; fails when anything comes back that the document does not declare."""
    command = [str(TOOL), "run", url, "--checks", ",".join(CHECKS), "--max-time", str(seconds), *options]
    command += ["--max-examples", "8", "--seed", "1", "--no-color", "--request-timeout", "15"]
    report = folder / "report"
    command += ["--report", "ndjson", "--report-ndjson-path", str(report)]
    hooks = {"SCHEMATHESIS_HOOKS": "tests.support.schemathesis_hooks", "PYTHONPATH": str(ROOT)}
    environment = os.environ | hooks
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=seconds * 4, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:]
    return report


def test_nothing_undeclared(url: str, tmp_path: Path) -> None:
    run(url, tmp_path, 20, "--phases", "examples,coverage,fuzzing")


def test_the_walk_finds_what_the_links_promise(url: str, tmp_path: Path) -> None:
    walk = ("--phases", "stateful", "--include-path-regex", "^/v1/(visualizations|sweeps|photos)")
    found = followed(run(url, tmp_path, 30, *walk))
    assert not WALKED - found.keys(), found


def followed(report: Path) -> Counter[str]:
    """How often the walk found something (2xx) behind a declared link, by operation."""
    found: Counter[str] = Counter()
    for line in report.read_text().splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for id, case in recorder.get("cases", {}).items():
            transition = case.get("transition") or {"is_inferred": True}
            answer = recorder["interactions"].get(id, {}).get("response") or {"status_code": 0}
            if not transition["is_inferred"] and 200 <= answer["status_code"] < 300:
                found[transition["id"].rpartition(" -> ")[2]] += 1
    return found
