"""Each limit refuses with a problem of its own, and says what is allowed."""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.settings import Settings
from tests.support.problems import check
from tests.support.server import Server
from tests.support.visualizations import BODY, URL
from tests.support.wait import until


def limited(broker: str, state: Path, **limits: Any) -> Server:
    return Server(Settings(redis_url=broker, state=state, **limits))


def test_cost(broker: str, tmp_path: Path, client: httpx.Client) -> None:
    with limited(broker, tmp_path, cost_limit=64 * 96 * 100) as server:
        assert server.client.post(URL, json={**BODY, "steps": 100}).status_code == 202
        problem = check(server.client.post(URL, json={**BODY, "steps": 101}), 422, "too-expensive")
        assert f"{64 * 96 * 100:,}" in problem["detail"]
        views = {**BODY, "steps": 100, "transform": {"views": 2}}
        check(server.client.post(URL, json=views), 422, "too-expensive")


def test_cost_of_a_sweep(broker: str, tmp_path: Path, client: httpx.Client, redis: Redis) -> None:
    one = 64 * 96 * 100
    with limited(broker, tmp_path, cost_limit=one, sweep_cost_limit=4 * one) as server:
        sweep = {"model": "tinynet", "layer": "conv2", "channels": "0-3", "steps": 100}
        problem = check(server.client.post("/v1/sweeps", json={**sweep, "channels": "0-4"}), 422, "too-expensive")
        assert f"{4 * one:,}" in problem["detail"]
        check(server.client.post("/v1/sweeps", json={**sweep, "seeds": [0, 1]}), 422, "too-expensive")
        problem = check(server.client.post("/v1/sweeps", json={**sweep, "steps": 101}), 422, "too-expensive")
        assert f"{one:,}" in problem["detail"]
        assert len(JobQueue(redis)) == 0
        assert server.client.post("/v1/sweeps", json=sweep).status_code == 202


def test_bodies(broker: str, tmp_path: Path, client: httpx.Client) -> None:
    with limited(broker, tmp_path, body_bytes=100, photo_bytes=200) as server:
        assert server.client.post(URL, json=BODY).status_code == 202
        for path in (URL, "/v1/sweeps"):
            problem = check(server.client.post(path, json=BODY | {"x": "x" * 100}), 413, "body-too-large")
            assert "100 bytes" in problem["detail"]
        photo = {"Content-Type": "image/png"}
        check(server.client.post("/v1/photos", content=bytes(200), headers=photo), 422, "invalid-spec")
        check(server.client.post("/v1/photos", content=bytes(201), headers=photo), 413, "body-too-large")


def test_a_body_that_does_not_come(broker: str, tmp_path: Path, client: httpx.Client) -> None:
    """It is not waited for, and its connection is closed; one that comes in pieces is."""
    with limited(broker, tmp_path, body_seconds=1.0) as server:

        def slowly() -> Iterator[bytes]:
            for piece in (b'{"model": "tinynet",', b'"layer": "conv2", "channel": 3}'):
                yield piece
                time.sleep(0.2)

        json = {"Content-Type": "application/json"}
        assert server.client.post(URL, content=slowly(), headers=json).status_code == 202
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as slow:
            head = f"POST {URL} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
            slow.sendall(head.encode() + b'{"model": ')
            said = b"".join(iter(lambda: slow.recv(4096), b""))
        assert said.startswith(b"HTTP/1.1 408 ")
        assert b"body-too-slow" in said
        until(lambda: server.client.post(URL, json=BODY).status_code == 202)


def test_queue(broker: str, tmp_path: Path, client: httpx.Client, redis: Redis) -> None:
    with limited(broker, tmp_path, queue_limit=2) as server:
        answers = [server.client.post(URL, json={**BODY, "seed": seed}) for seed in (0, 1, 2, 0)]
        assert [answer.status_code for answer in answers] == [202, 202, 503, 202]
        check(answers[2], 503, "queue-full")
        assert int(answers[2].headers["retry-after"]) > 0
        assert len(JobQueue(redis)) == 2
        assert server.client.get("/livez").status_code == 200


def test_disk(broker: str, tmp_path: Path, client: httpx.Client, redis: Redis) -> None:
    with limited(broker, tmp_path, min_free_bytes=1 << 60) as server:
        answer = server.client.post(URL, json=BODY)
        check(answer, 507, "store-full")
        assert int(answer.headers["retry-after"]) > 0
        assert len(JobQueue(redis)) == 0
        photo = {"Content-Type": "image/png"}
        check(server.client.post("/v1/photos", content=b"x", headers=photo), 507, "store-full")


def test_an_upload_onto_a_full_disk(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("featurelens.jobs.store.photos.Photos.add", full)
    answer = client.post("/v1/photos", content=b"x", headers={"Content-Type": "image/png"})
    check(answer, 507, "store-full")


def test_connections(broker: str, tmp_path: Path, client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, go = threading.Event(), threading.Event()

    def slow(_: object) -> list[object]:
        entered.set()
        go.wait(10)
        return []

    with limited(broker, tmp_path, connections=1) as server:
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
