"""Bodies that are too large or do not come are refused, each with a problem of its own."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import LayerEntry
from featurelens.jobs.settings import Settings
from featurelens.jobs.spec.objectives import MAX_VECTOR
from featurelens.jobs.store.file_store import FileStore
from tests.support.catalog import ENTRY, LAYERS
from tests.support.fake_worker import make
from tests.support.problems import check
from tests.support.server import Server
from tests.support.visualizations import BODY, URL
from tests.support.wait import until

JSON = {"Content-Type": "application/json"}


def test_bodies(broker: str, tmp_path: Path, client: httpx.Client) -> None:
    with Server(Settings(redis_url=broker, state=tmp_path, body_bytes=100, photo_bytes=200)) as server:
        assert server.client.post(URL, json=BODY).status_code == 202
        for path in (URL, "/v1/sweeps"):
            problem = check(server.client.post(path, json=BODY | {"x": "x" * 100}), 413, "body-too-large")
            assert "100 bytes" in problem["detail"]
        photo = {"Content-Type": "image/png"}
        check(server.client.post("/v1/photos", content=bytes(200), headers=photo), 422, "invalid-spec")
        check(server.client.post("/v1/photos", content=bytes(201), headers=photo), 413, "body-too-large")


def test_the_widest_direction_fits(client: httpx.Client, catalog: Catalog, redis: Redis, store: FileStore) -> None:
    """Each of its numbers as long as they get: as far as the catalog where no layer is so wide, else all the way."""
    vector = [-1.2345678901234567e-300] * MAX_VECTOR
    body = {"model": "tinynet", "layer": "conv2", "objective": {"type": "direction", "vector": vector}}
    assert len(json.dumps(vector[0])) == 24
    assert "16 numbers" in check(client.post(URL, json=body), 422, "out-of-range")["detail"]
    wide = LayerEntry(name="flat", type="Flatten", kind="vector", channels=MAX_VECTOR)
    catalog.publish_layers(ENTRY.name, [*LAYERS, wide])
    asked = client.post(URL, content=json.dumps(body | {"layer": "flat"}, indent=1), headers=JSON)
    assert asked.status_code == 202, asked.text[:500]
    assert asked.json()["spec"]["objective"]["vector"] == vector
    key, place = asked.json()["key"], asked.headers["location"]
    assert client.post(URL, json=body | {"layer": "flat"}).json()["deduplicated"]
    assert [one["key"] for one in client.get(URL).json()["visualizations"]] == [key]
    make(redis, store, key)
    assert client.get(place).json()["spec"] == asked.json()["spec"]
    with client.stream("GET", f"{place}/events") as events:
        assert events.read().count(b"e-300") == MAX_VECTOR
    assert client.get(f"{place}/image?width=64&format=webp").status_code == 200


def test_a_body_that_does_not_come(broker: str, tmp_path: Path, client: httpx.Client) -> None:
    """It is not waited for, and its connection is closed; one that comes in pieces is."""
    with Server(Settings(redis_url=broker, state=tmp_path, body_seconds=1.0)) as server:

        def slowly() -> Iterator[bytes]:
            for piece in (b'{"model": "tinynet",', b'"layer": "conv2", "channel": 3}'):
                yield piece
                time.sleep(0.2)

        assert server.client.post(URL, content=slowly(), headers=JSON).status_code == 202
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as slow:
            kind = "Content-Type: application/json\r\nContent-Length: 99"
            slow.sendall(f'POST {URL} HTTP/1.1\r\nHost: localhost\r\n{kind}\r\n\r\n{{"model": '.encode())
            said = b"".join(iter(lambda: slow.recv(4096), b""))
        assert said.startswith(b"HTTP/1.1 408 ")
        assert b"body-too-slow" in said
        until(lambda: server.client.post(URL, json=BODY).status_code == 202)
