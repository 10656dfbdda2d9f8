"""A user of the broker with the rights that docs/operations.md names: everything works, and nothing else is allowed."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from featurelens.cli.checkups.queue import queue as checkup
from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.kinds.base import QUEUE, SWEEP_QUEUE
from featurelens.jobs.queue import liveness
from featurelens.jobs.queue.broker import connect
from featurelens.jobs.settings import Settings, settings
from featurelens.launcher.broker import await_broker, client
from featurelens.launcher.readiness import cataloguer_hangs, slot_ready
from tests.support.catalog import ENTRY, LAYERS
from tests.support.fake_renderer import SLOW
from tests.support.paths import ROOT
from tests.support.server import Server
from tests.support.valkey import Valkey
from tests.support.visualizations import BODY
from tests.support.wait import until
from tests.support.worker_harness import WorkerHarness

LINE = re.search(r"^ACL (SETUSER featurelens .+)$", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    """With that user, and another one for whoever looks after it."""
    assert LINE is not None
    with Valkey(tmp_path) as server:
        with server.client() as admin:
            admin.execute_command("ACL", *LINE[1].replace(">PASSWORD", ">s3cret").split())
            admin.set("somebody:else", 1)
        yield server


@pytest.fixture
def url(server: Valkey) -> str:
    return server.url.replace("//", "//featurelens:s3cret@")


@pytest.fixture
def limited(url: str) -> Iterator[Redis]:
    with connect(url) as limited:
        yield limited


def test_all_of_it(server: Valkey, url: str, limited: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catalog, picture, sweep, cancel, the death of a slot, status, metrics, launcher, doctor: nothing is refused."""
    catalog = Catalog(limited)
    catalog.publish([ENTRY])
    catalog.publish_layers(ENTRY.name, LAYERS)
    state = tmp_path / "state"
    state.mkdir()
    with WorkerHarness(limited, url, state) as worker, Server(Settings(redis_url=url, state=state)) as service:
        worker.start_renderer()
        slots = [worker.start_slot(), worker.start_slot(queue=SWEEP_QUEUE)]
        asyncio.run(_launcher(url, slots[0].pid))

        def asked(where: str, body: dict[str, object]) -> str:
            liveness.beat(limited)
            answer = service.client.post(where, json=body)
            assert answer.status_code == 202, answer.text
            return str(answer.headers["location"])

        def ends(where: str, status: str) -> None:
            until(lambda: service.client.get(where).json()["status"] == status, 30, f"{where} {status}")

        sweep = asked("/v1/sweeps", {"model": ENTRY.name, "layer": "conv2", "channels": "0-2", "steps": 16})
        ends(asked("/v1/visualizations", BODY), "succeeded")
        ends(sweep, "finished")
        stopped = asked("/v1/visualizations", BODY | {"seed": SLOW, "steps": 4000})
        ends(stopped, "running")
        service.client.delete(stopped)
        ends(stopped, "cancelled")
        key = worker.ask(seed=SLOW, steps=100)
        until(lambda: worker.rendering(key), what="it is in progress")
        slots[0].kill()
        slots[0].wait()
        worker.start_slot()
        worker.await_status(key, "succeeded", 40)
        for address in ("/v1/status", "/metrics", "/readyz", "/v1/visualizations", "/v1/models"):
            assert service.client.get(address).status_code == 200
    monkeypatch.setenv("REDIS_URL", url)
    settings.cache_clear()
    try:
        findings = [(finding.level, finding.text) for finding in checkup()]
    finally:
        settings.cache_clear()
    assert "WRONG" not in {level for level, _ in findings}, findings
    with server.client() as admin:
        assert admin.acl_log() == []


async def _launcher(url: str, slot: int) -> None:
    await await_broker(url, 5)
    async with client(url) as redis:
        assert await redis.eval("return redis.call('TIME')", 0)
    assert await slot_ready(url, socket.gethostname(), QUEUE)(slot)
    assert await cataloguer_hangs(url)(os.getpid())  # there is none


DENIED = (
    *("FLUSHALL", "FLUSHDB", "CONFIG GET *", "KEYS *", "GET somebody:else", "SET somebody:else 2", "ACL LIST"),
    *("PUBLISH others x", "CLIENT LIST", "SCRIPT FLUSH", "REPLICAOF NO ONE", "SHUTDOWN", "MONITOR", "DEBUG SLEEP 0"),
    "EVAL redis.call('GET','somebody:else') 0",
)


def test_nothing_else(limited: Redis) -> None:
    """Neither what is dangerous nor what is others', not from a script either."""
    for command in DENIED:
        with pytest.raises(ResponseError, match=r"permission|can't access|not allowed"):
            limited.execute_command(*command.split())  # type: ignore[no-untyped-call]
