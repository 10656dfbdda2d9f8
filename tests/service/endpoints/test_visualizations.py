"""Asking, joining, watching, getting."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.records import Records
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from featurelens.launcher.claim import free_port
from tests.support.catalog import ENTRY, LAYERS
from tests.support.server import Server
from tests.support.visualizations import BODY, KEY, PNG, SPEC, URL, put


class TestAsking:
    """POST /v1/visualizations."""

    def test_fresh(self, client: httpx.Client, redis: Redis) -> None:
        answer = client.post(URL, json=BODY)
        assert answer.status_code == 202
        assert answer.headers["location"] == f"{URL}/{KEY}"
        assert answer.headers["retry-after"] == "1"
        body = answer.json()
        assert body["key"] == KEY
        assert (body["status"], body["position"], body["deduplicated"]) == ("queued", 1, False)
        assert body["spec"] == SPEC.model_dump(mode="json")
        layers = f"/v1/models/{ENTRY.name}/layers"
        assert body["links"] == {
            "self": f"{URL}/{KEY}",
            "events": f"{URL}/{KEY}/events",
            "image": None,
            "sheet": None,
            "preview": None,
            "layers": layers,
        }
        assert len(JobQueue(redis)) == 1

    def test_in_progress(self, client: httpx.Client, redis: Redis) -> None:
        client.post(URL, json=BODY)
        answer = client.post(URL, json={**BODY, "model": ENTRY.name, "sign": "positive", "size": [64, 96]})
        assert answer.status_code == 202
        assert (answer.json()["key"], answer.json()["deduplicated"]) == (KEY, True)
        assert len(JobQueue(redis)) == 1

    def test_a_hundred_at_once(self, client: httpx.Client, redis: Redis) -> None:
        with ThreadPoolExecutor(25) as pool:
            answers = list(pool.map(lambda _: client.post(URL, json=BODY), range(100)))
        assert {answer.status_code for answer in answers} == {202}
        assert {answer.json()["key"] for answer in answers} == {KEY}
        assert sum(not answer.json()["deduplicated"] for answer in answers) == 1
        assert len(JobQueue(redis)) == 1

    def test_exists(self, client: httpx.Client, redis: Redis, store: FileStore) -> None:
        put(store)
        answer = client.post(URL, json=BODY)
        assert answer.status_code == 200
        assert answer.headers["cache-status"] == "featurelens; hit"
        body = answer.json()
        assert (body["status"], body["numbers"], body["links"]["image"]) == (
            "succeeded",
            {"activation": 2.5},
            f"{URL}/{KEY}/image",
        )
        assert len(JobQueue(redis)) == 0

    def test_damaged_is_made_again(self, client: httpx.Client, redis: Redis, store: FileStore, state: Path) -> None:
        put(store)
        path = next(Settings(state=state).results_folder.rglob("image-0.png"))
        path.write_bytes(b"torn")
        assert client.get(f"{URL}/{KEY}/image").status_code == 404
        assert client.post(URL, json=BODY).status_code == 202
        assert len(JobQueue(redis)) == 1

    def test_again_after_failure(self, client: httpx.Client, redis: Redis) -> None:
        client.post(URL, json=BODY)
        queue, records = JobQueue(redis), Records(redis)
        first = queue.find(KEY)
        assert first is not None
        records.fail(KEY, first.record.attempt, RenderFailed("no luck"))
        shown = client.get(f"{URL}/{KEY}")
        assert shown.status_code == 200
        assert shown.json()["status"] == "failed"
        assert shown.json()["error"] == {"code": "render-failed", "detail": "no luck"}
        again = client.post(URL, json=BODY)
        assert (again.status_code, again.json()["deduplicated"]) == (202, False)
        assert client.get(f"{URL}/{KEY}").json()["error"] is None

    def test_waits_for_a_network_that_is_being_described(self, client: httpx.Client, catalog: Catalog) -> None:
        other = ENTRY.model_copy(update={"name": "bundled:other@x", "aliases": ("other",)})
        catalog.publish([ENTRY, other])
        describer = threading.Timer(0.5, lambda: catalog.publish_layers(other.name, LAYERS))
        describer.start()
        begun = time.monotonic()
        answer = client.post(URL, json={**BODY, "model": "other"})
        describer.join()
        assert answer.status_code == 202
        assert 0.4 < time.monotonic() - begun < 5
        assert catalog.next_wanted() == other.name

    def test_no_worker(self, client: httpx.Client, redis: Redis) -> None:
        redis.delete("featurelens:renderer")
        answer = client.post(URL, json=BODY)
        assert answer.status_code == 503
        assert answer.json()["type"].endswith(":no-worker")
        assert int(answer.headers["retry-after"]) > 0
        assert JobQueue(redis).find(KEY) is None


class TestWatching:
    """GET /v1/visualizations/{key}."""

    def test_progress(self, client: httpx.Client, redis: Redis, store: FileStore) -> None:
        client.post(URL, json=BODY)
        records = Records(redis)
        ticket = JobQueue(redis).find(KEY)
        assert ticket is not None
        assert records.start(KEY, ticket.record.attempt, "x")
        records.progress(KEY, ticket.record.attempt, "x", "rendering", 7, 0.5)
        answer = client.get(f"{URL}/{KEY}")
        body = answer.json()
        assert (body["status"], body["position"]) == ("running", None)
        assert body["progress"] == {
            "stage": "rendering",
            "step": 7,
            "steps": 128,
            "score": 0.5,
            "seconds_left": None,
            "downloaded": None,
            "download_size": None,
        }
        assert body["started"] is not None
        assert answer.headers["retry-after"] == "1"
        put(store)
        done = client.get(f"{URL}/{KEY}")
        assert done.json()["status"] == "succeeded"
        assert "retry-after" not in done.headers

    def test_a_wiped_broker_leaves_nothing_stuck(self, client: httpx.Client, redis: Redis, catalog: Catalog) -> None:
        client.post(URL, json=BODY)
        redis.flushall()
        assert client.get(f"{URL}/{KEY}").status_code == 404

    @pytest.mark.parametrize("key", ["fv1_" + "0" * 64, "fv1_0", "x", "fv1_" + "G" * 64, "..%2f..%2fetc"])
    def test_unknown(self, client: httpx.Client, key: str) -> None:
        for path in (f"{URL}/{key}", f"{URL}/{key}/image"):
            answer = client.get(path)
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"


def test_without_a_broker(state: Path, store: FileStore) -> None:
    """What is finished is served; what is not says why it cannot be asked for."""
    put(store)
    settings = Settings(redis_url=f"redis://127.0.0.1:{free_port()}", state=state)
    with Server(settings) as server:
        begun = time.monotonic()
        for answer in (
            server.client.post(URL, json=BODY),
            server.client.get("/v1/models"),
            server.client.get("/readyz"),
            server.client.get(f"{URL}/fv1_" + "0" * 64),
        ):
            problem: dict[str, Any] = answer.json()
            assert (answer.status_code, problem["type"]) == (503, "urn:featurelens:problem:broker-unavailable")
            assert answer.headers["retry-after"]
        assert time.monotonic() - begun < 4
        assert server.client.get(f"{URL}/{KEY}").json()["status"] == "succeeded"
        assert server.client.get(f"{URL}/{KEY}/image").content == PNG
        assert server.client.get("/livez").status_code == 200
