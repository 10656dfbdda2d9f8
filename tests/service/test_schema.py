"""Schemathesis asks whatever the OpenAPI document allows, and much that it forbids: nothing undeclared comes back."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from redis import Redis
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from jobs.liveness import RENDERER
from jobs.queue import SWEEP_QUEUE
from tests.service.server import Server

TOOL = Path(sys.executable).with_name("st")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
SECONDS = 40


@pytest.mark.skipif(shutil.which(TOOL) is None, reason="schemathesis is not installed")
@pytest.mark.usefixtures("store")
def test_nothing_undeclared(server: Server, client: httpx.Client, redis: Redis, tmp_path: Path) -> None:
    """All phases, the stateful one too; streams of events are left out, because they do not end by themselves."""
    redis.persist(RENDERER)
    redis.sadd(WORKERS_BY_QUEUE_KEY % SWEEP_QUEUE, "rq:worker:a")
    command = [str(TOOL), "run", f"{server.url}/openapi.json", "--checks", ",".join(CHECKS)]
    command += ["--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "8", "--max-time", str(SECONDS)]
    command += ["--exclude-path-regex", "/events$", "--seed", "1", "--no-color", "--request-timeout", "15"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS * 4, check=False)
    assert done.returncode == 0, done.stdout[-6000:]
