"""Pictures in a bucket: a real service and a real slot beside a real S3-compatible server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import obstore
import pytest
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.queue.liveness import RENDERER
from featurelens.jobs.settings import Settings
from tests.support.bucket import BUCKET, CREDENTIALS, BucketServer
from tests.support.fault_injection import FULL
from tests.support.problems import check
from tests.support.server import Server
from tests.support.visualizations import BODY, URL
from tests.support.wait import until
from tests.support.worker_harness import WorkerHarness

WITHIN = 30.0
WAITS = pytest.mark.skipif(not FULL, reason="FEATURELENS_FAULTS=full waits that long")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[BucketServer]:
    with BucketServer() as bucket:
        named = {"FEATURELENS_RESULTS": f"s3://{BUCKET}/made", "FEATURELENS_RESULTS_ENDPOINT": bucket.endpoint}
        for name, value in (CREDENTIALS | named).items():
            monkeypatch.setenv(name, value)
        yield bucket


@pytest.fixture
def client(bucket: BucketServer, broker: str, redis: Redis, catalog: Catalog, tmp_path: Path) -> Iterator[httpx.Client]:
    """Of a service with a slot and a renderer; none of them keeps a picture outside the bucket."""
    assert catalog.models()
    with WorkerHarness(redis, broker, tmp_path) as worker, Server(Settings(redis_url=broker, state=tmp_path)) as server:
        redis.persist(RENDERER)
        worker.start_renderer()
        worker.start_slot()
        yield server.client
    assert not (tmp_path / "results").exists()


def made(client: httpx.Client, **changes: Any) -> str:
    """Asks, waits for the end, insists that it is a good one; returns where the picture is."""
    url: str = client.post(URL, json=BODY | {"steps": 4} | changes).headers["location"]
    until(lambda: client.get(url).json()["status"] not in {"queued", "running"}, WITHIN)
    resource = client.get(url).json()
    assert resource["status"] == "succeeded", resource
    return url


def test_asked_made_served_and_never_served_damaged(client: httpx.Client, bucket: BucketServer) -> None:
    url = made(client)
    image = client.get(f"{url}/image")
    assert (image.status_code, image.headers["content-type"]) == (200, "image/png")
    small = client.get(f"{url}/image?width=64&format=webp")
    assert (small.status_code, small.headers["content-type"]) == (200, "image/webp")
    again = client.post(URL, json=BODY | {"steps": 4})
    assert (again.status_code, again.headers["cache-status"]) == (200, "featurelens; hit")
    assert [one["key"] for one in client.get(URL).json()["visualizations"]] == [again.json()["key"]]

    objects = bucket.objects()
    (path,) = (one["path"] for one in obstore.list(objects).collect() if one["path"].endswith("image-0.png"))
    content = bytearray(obstore.get(objects, path).bytes())
    content[len(content) // 2] ^= 1
    obstore.put(objects, path, bytes(content))
    check(client.get(f"{url}/image"), 404, "not-found")
    assert client.post(URL, json=BODY | {"steps": 4}).status_code == 202
    until(lambda: client.get(f"{url}/image").status_code == 200, WITHIN)
    assert client.get(f"{url}/image").content == image.content

    assert client.delete(f"{url}/image").status_code == 204
    check(client.get(f"{url}/image"), 404, "not-found")
    assert obstore.list(objects).collect() == []


def test_away_and_back(client: httpx.Client, bucket: BucketServer) -> None:
    url = made(client)
    bucket.stop()
    for answer in (client.get(f"{url}/image"), client.get(url), client.post(URL, json=BODY)):
        check(answer, 503, "store-unavailable")
        assert int(answer.headers["retry-after"]) > 0
    assert client.get("/livez").status_code == 200
    bucket.start()
    check(client.get(f"{url}/image"), 404, "not-found")
    assert client.get(f"{made(client, seed=0)}/image").status_code == 200


@pytest.mark.parametrize("seconds", [0, pytest.param(200, marks=WAITS)])
def test_away_while_a_picture_is_made(client: httpx.Client, bucket: BucketServer, seconds: int) -> None:
    """The slot waits for it to come back, and is not taken for one that hangs."""
    url = client.post(URL, json=BODY | {"steps": 50, "seed": 1}).headers["location"]
    bucket.stop()
    until(lambda: client.get("/v1/status").json()["queues"]["featurelens"]["length"] == 0)
    time.sleep(seconds)
    bucket.start()
    until(lambda: client.get(url).json()["status"] == "succeeded", 2 * WITHIN)
    assert client.get(f"{url}/image").status_code == 200
