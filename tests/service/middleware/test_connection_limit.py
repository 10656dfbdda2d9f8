"""One connection more than allowed is answered, not kept waiting."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx
import pytest

from featurelens.jobs.settings import Settings
from tests.support.problems import check
from tests.support.server import Server
from tests.support.wait import until


def test_connections(broker: str, tmp_path: Path, client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, go = threading.Event(), threading.Event()

    def slow(_: object) -> list[object]:
        entered.set()
        go.wait(10)
        return []

    with Server(Settings(redis_url=broker, state=tmp_path, connections=1)) as server:
        monkeypatch.setattr("featurelens.jobs.catalog.catalog.Catalog.models", slow)
        first = threading.Thread(target=lambda: httpx.get(f"{server.url}/v1/models"))
        first.start()
        assert entered.wait(10)
        answer = server.client.get("/v1/models")
        check(answer, 503, "too-many-connections")
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["x-request-id"], "it is logged and counted as well"
        assert server.client.get("/livez").status_code == 200
        go.set()
        first.join()
        until(lambda: server.client.get("/v1/models").status_code == 200)
