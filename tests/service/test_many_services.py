"""Two services, as on two machines: a broker, a store and a file of keys in common, and nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import httpx
import pytest
from redis import Redis
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.kinds.base import QUEUES
from featurelens.jobs.queue import liveness
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.previews import Previews
from featurelens.jobs.queue.records import Records
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from featurelens.launcher.claim import free_port
from featurelens.service.auth.api_keys import ApiKeys
from featurelens.service.shared_secret import TOKENS as SECRET
from tests.support.authorization import bearer
from tests.support.fake_worker import make
from tests.support.paths import ROOT
from tests.support.photographs import corners, encoded
from tests.support.problems import check
from tests.support.sse import parsed
from tests.support.visualizations import BODY, KEY, PNG, URL, put
from tests.support.wait import until

QUOTA = 12
"""A minute: one more every five seconds."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds the store, the keys, and a state folder for each."""
    return tmp_path_factory.mktemp("services")


@pytest.fixture(scope="module")
def keys(folder: Path) -> ApiKeys:
    return ApiKeys(Settings(keys=folder / "keys.json").keys_file)


@pytest.fixture(scope="module")
def addresses(broker: str, folder: Path, keys: ApiKeys) -> Iterator[list[str]]:
    """Of two processes."""
    shared = {
        "REDIS_URL": broker,
        "FEATURELENS_RESULTS": str(folder / "store"),
        "FEATURELENS_KEYS": str(folder / "keys.json"),
        "FEATURELENS_QUOTA": str(QUOTA),
        "FEATURELENS_AUTH": "on",
    }
    ports = [free_port(), free_port()]
    processes = [
        subprocess.Popen(
            [sys.executable, "-P", "-m", "featurelens.service"],
            env=os.environ | shared | {"PORT": str(port), "FEATURELENS_STATE": str(folder / f"state-{port}")},
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
        )
        for port in ports
    ]
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    try:
        for url in urls:
            until(lambda url=url: _answers(url), 60)  # type: ignore[misc]
        yield urls
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/livez").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def clients(addresses: list[str], keys: ApiKeys, catalog: Catalog, redis: Redis) -> Iterator[list[httpx.Client]]:
    """One of each service, with the same new key; there is a worker."""
    assert catalog.models()
    liveness.beat(redis)
    for queue in QUEUES:
        redis.sadd(WORKERS_BY_QUEUE_KEY % queue, "rq:worker:a")
    redis.hset("rq:worker:a", "last_heartbeat", "now")
    headers = bearer(keys.create("admin"))
    found = [httpx.Client(base_url=url, headers=headers, timeout=30) for url in addresses]
    yield found
    for client in found:
        client.close()


@pytest.fixture
def store(folder: Path) -> FileStore:
    """Empty."""
    shutil.rmtree(folder / "store" / "results", ignore_errors=True)
    return FileStore(folder / "store" / "results")


def left(answer: httpx.Response) -> int:
    """Of the quota."""
    found = re.search(r"r=(\d+)", answer.headers["ratelimit"])
    assert found is not None
    return int(found[1])


def test_the_quota_counts_together(clients: list[httpx.Client]) -> None:
    answers = [
        client.post(URL, json=BODY | {"seed": seed})
        for seed, client in zip(range(QUOTA + 4), cycle(clients), strict=False)
    ]
    assert [left(answer) for answer in answers[:2]] == [QUOTA - 1, QUOTA - 2]
    assert [answer.status_code for answer in answers].count(429) >= 1, "of four too many some are free again by now"


def test_one_request_sent_to_both_counts_once(clients: list[httpx.Client]) -> None:
    one, other = clients
    again = {"Idempotency-Key": "once"}
    first = one.post(URL, json=BODY, headers=again)
    second = other.post(URL, json=BODY, headers=again)
    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json()["askers"] == first.json()["askers"] == 1
    check(other.post(URL, json=BODY | {"seed": 1}, headers=again), 422, "idempotency-key-reused")
    assert left(one.post(URL, json=BODY | {"seed": 2})) == QUOTA - 2


def test_a_job_of_one_is_watched_and_looked_at_at_the_other(
    clients: list[httpx.Client], redis: Redis, store: FileStore
) -> None:
    one, other = clients
    key = str(one.post(URL, json=BODY | {"seed": 3}).json()["key"])
    ticket = JobQueue(redis).find(key)
    assert ticket is not None
    attempt, records, previews = ticket.record.attempt, Records(redis), Previews(redis)
    with other.stream("GET", f"{URL}/{key}/events") as answer:
        events = parsed(answer)
        assert next(events)["event"] == "queued"
        until(lambda: previews.watched(key))
        records.start(key, attempt, "x")
        previews.put(key, b"webp")
        records.previewed(key, attempt, "x", 7)
        assert next(event for event in events if event["event"] == "preview")
        assert one.get(f"{URL}/{key}/preview").content == b"webp"
        assert other.get(f"{URL}/{key}/preview").content == b"webp"
        redis.delete(f"featurelens:preview:{key}")
        records.cancel(key, attempt)
        records.cancelled(key, attempt)
        assert [event["event"] for event in events][-1] == "cancelled"
    assert one.get(f"{URL}/{key}").json()["status"] == "cancelled"
    assert one.post(URL, json=BODY | {"seed": 3}).status_code == 202
    make(redis, store, key)
    assert one.get(f"{URL}/{key}/image").content == other.get(f"{URL}/{key}/image").content


def test_a_sweep_of_one_is_seen_and_stopped_at_the_other(clients: list[httpx.Client]) -> None:
    one, other = clients
    sweep = one.post("/v1/sweeps", json={"model": "tinynet", "layer": "conv2", "channels": [0, 1, 2]})
    assert sweep.status_code == 202
    url = sweep.headers["location"]
    assert other.get(url).json() == one.get(url).json()
    stopped = other.delete(url)
    assert stopped.status_code in {200, 202}
    assert {item["status"] for item in one.get(f"{url}/items").json()["items"]} == {"cancelled"}


def test_what_one_deletes_has_gone_at_the_other(clients: list[httpx.Client], store: FileStore) -> None:
    """At once, although both have answered from memory."""
    for deleting, other in (clients, clients[::-1]):
        put(store)
        for _ in range(3):
            for client in clients:
                assert client.get(f"{URL}/{KEY}/image").content == PNG
                assert client.get(f"{URL}/{KEY}").json()["status"] == "succeeded"
        assert deleting.delete(f"{URL}/{KEY}/image").status_code == 204
        for client in (other, deleting):
            check(client.get(f"{URL}/{KEY}/image"), 404, "not-found")
            check(client.get(f"{URL}/{KEY}"), 404, "not-found")
            assert client.get(URL).json()["visualizations"] == []


def test_what_one_signs_the_other_opens(clients: list[httpx.Client], store: FileStore, redis: Redis) -> None:
    """Before and after the broker was wiped; `redis` has just done so."""
    put(store)
    one, other = clients
    for _ in range(2):
        for signing, opening in ((one, other), (other, one)):
            token = signing.get(f"{URL}/{KEY}/token").json()["token"]
            assert httpx.get(f"{opening.base_url}{URL}/{KEY}/image?token={token}".replace("//v1", "/v1")).content == PNG
        redis.delete(SECRET)
    assert one.delete(f"{URL}/{KEY}/image").status_code == 204


def test_a_key_revoked_for_one_is_revoked_for_the_other(clients: list[httpx.Client], keys: ApiKeys) -> None:
    (key,) = {client.headers["authorization"].split()[-1] for client in clients}
    assert [client.get(URL).status_code for client in clients] == [200, 200]
    assert keys.revoke(key.split("_")[1])
    for client in clients:
        check(client.get(URL), 401, "not-authenticated")


def test_a_photograph_of_one_is_known_to_the_other(clients: list[httpx.Client]) -> None:
    one, other = clients
    png = {"Content-Type": "image/png"}
    photo = one.post("/v1/photos", content=encoded(corners()), headers=png).json()
    assert other.get(photo["url"]).content == one.get(photo["url"]).content
    about = {"type": "caricature", "photo": photo["photo"]}
    assert other.post(URL, json={"model": "tinynet", "layer": "conv2", "objective": about}).status_code == 202
