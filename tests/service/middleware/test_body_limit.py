"""Bodies that are too large or do not come are refused, each with a problem of its own."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from featurelens.jobs.settings import Settings
from tests.support.problems import check
from tests.support.server import Server
from tests.support.visualizations import BODY, URL
from tests.support.wait import until


def test_bodies(broker: str, tmp_path: Path, client: httpx.Client) -> None:
    with Server(Settings(redis_url=broker, state=tmp_path, body_bytes=100, photo_bytes=200)) as server:
        assert server.client.post(URL, json=BODY).status_code == 202
        for path in (URL, "/v1/sweeps"):
            problem = check(server.client.post(path, json=BODY | {"x": "x" * 100}), 413, "body-too-large")
            assert "100 bytes" in problem["detail"]
        photo = {"Content-Type": "image/png"}
        check(server.client.post("/v1/photos", content=bytes(200), headers=photo), 422, "invalid-spec")
        check(server.client.post("/v1/photos", content=bytes(201), headers=photo), 413, "body-too-large")


def test_a_body_that_does_not_come(broker: str, tmp_path: Path, client: httpx.Client) -> None:
    """It is not waited for, and its connection is closed; one that comes in pieces is."""
    with Server(Settings(redis_url=broker, state=tmp_path, body_seconds=1.0)) as server:

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
