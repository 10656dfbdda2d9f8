"""Each limit refuses with a problem of its own, and says what is allowed."""

from __future__ import annotations

import errno
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from jobs.queue import JobQueue
from jobs.settings import Settings
from tests.service.server import Server
from tests.service.test_problems import GOOD, URL, check
from tests.worker.machine_room import until


def limited(broker: str, state: Path, **limits: Any) -> Server:
    return Server(Settings(redis_url=broker, state=state, **limits))


def test_cost(broker: str, tmp_path: Path, client: httpx.Client) -> None:
    with limited(broker, tmp_path, cost_limit=64 * 96 * 100) as server:
        assert server.client.post(URL, json={**GOOD, "steps": 100}).status_code == 202
        problem = check(server.client.post(URL, json={**GOOD, "steps": 101}), 422, "too-expensive")
        assert f"{64 * 96 * 100:,}" in problem["detail"]
        views = {**GOOD, "steps": 100, "transform": {"views": 2}}
        check(server.client.post(URL, json=views), 422, "too-expensive")


def test_queue(broker: str, tmp_path: Path, client: httpx.Client, redis: Redis) -> None:
    with limited(broker, tmp_path, queue_limit=2) as server:
        answers = [server.client.post(URL, json={**GOOD, "seed": seed}) for seed in (0, 1, 2, 0)]
        assert [answer.status_code for answer in answers] == [202, 202, 503, 202]
        check(answers[2], 503, "queue-full")
        assert int(answers[2].headers["retry-after"]) > 0
        assert len(JobQueue(redis)) == 2
        assert server.client.get("/livez").status_code == 200


def test_disk(broker: str, tmp_path: Path, client: httpx.Client, redis: Redis) -> None:
    with limited(broker, tmp_path, min_free_bytes=1 << 60) as server:
        answer = server.client.post(URL, json=GOOD)
        check(answer, 507, "store-full")
        assert int(answer.headers["retry-after"]) > 0
        assert len(JobQueue(redis)) == 0


def test_an_upload_onto_a_full_disk(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("jobs.photos.Photos.add", full)
    answer = client.post("/v1/photos", content=b"x", headers={"Content-Type": "image/png"})
    check(answer, 507, "store-full")


def test_connections(broker: str, tmp_path: Path, client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, go = threading.Event(), threading.Event()

    def slow(_: object) -> list[object]:
        entered.set()
        go.wait(10)
        return []

    with limited(broker, tmp_path, connections=1) as server:
        monkeypatch.setattr("jobs.catalog.Catalog.models", slow)
        first = threading.Thread(target=lambda: httpx.get(f"{server.url}/v1/models"))
        first.start()
        assert entered.wait(10)
        answer = server.client.get("/v1/models")
        check(answer, 503, "too-many-connections")
        assert answer.headers["retry-after"] == "1"
        assert server.client.get("/livez").status_code == 200
        go.set()
        first.join()
        until(lambda: server.client.get("/v1/models").status_code == 200)
