"""A POST that is sent again under the same `Idempotency-Key` is the same request."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from featurelens.jobs.errors import BeingAsked, RenderFailed
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.records import Records
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from featurelens.service.idempotency import EXPIRY, Retries
from tests.support.problems import check
from tests.support.server import Server
from tests.support.visualizations import BODY, KEY, URL, put

SWEEPS = "/v1/sweeps"
SWEEP = {"model": "tinynet", "layer": "conv2", "channels": "0-3"}
MINE = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
OTHER = {"Idempotency-Key": "another"}


def askers(client: httpx.Client) -> Any:
    return client.get(f"{URL}/{KEY}").json()["askers"]


def test_a_picture_has_one_asker(client: httpx.Client) -> None:
    first, again = [client.post(URL, json=BODY, headers=MINE) for _ in range(2)]
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.headers["location"] == again.headers["location"]
    assert askers(client) == 1
    assert client.post(URL, json=BODY, headers=OTHER).status_code == 202
    assert client.post(URL, json=BODY).status_code == 202
    assert askers(client) == 3


def test_all_at_once_are_one(client: httpx.Client) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: client.post(URL, json=BODY, headers=MINE), range(32)))
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert [answer.status_code for answer in answers].count(202) > 0
    assert askers(client) == 1


def test_a_sweep_is_one(client: httpx.Client, redis: Redis) -> None:
    first, again = [client.post(SWEEPS, json=SWEEP, headers=MINE) for _ in range(2)]
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    other = client.post(SWEEPS, json=SWEEP, headers=OTHER).json()["id"]
    assert other != first.json()["id"]
    assert client.delete(f"{SWEEPS}/{first.json()['id']}").json()["counts"]["queued"] == 4, "the other still asks"


def test_the_end_is_told_and_nothing_begins_anew(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    client.post(URL, json=BODY, headers=MINE)
    ticket = JobQueue(redis).find(KEY)
    assert ticket is not None
    Records(redis).fail(KEY, ticket.record.attempt, RenderFailed("no luck"))
    again = client.post(URL, json=BODY, headers=MINE)
    assert (again.status_code, again.json()["status"]) == (200, "failed")
    assert client.post(URL, json=BODY, headers=OTHER).json()["status"] == "queued"
    put(store)
    assert client.post(URL, json=BODY, headers=MINE).json()["status"] == "succeeded"


@pytest.mark.parametrize(("address", "body"), [(URL, BODY | {"seed": 9}), (SWEEPS, SWEEP)])
def test_another_request_is_refused(client: httpx.Client, address: str, body: dict[str, Any]) -> None:
    client.post(URL, json=BODY, headers=MINE)
    check(client.post(address, json=body, headers=MINE), 422, "idempotency-key-reused")
    assert client.post(address, json=body, headers=OTHER).status_code == 202


def test_what_was_refused_may_be_sent_again(client: httpx.Client, redis: Redis) -> None:
    redis.delete("featurelens:renderer")
    check(client.post(URL, json=BODY, headers=MINE), 503, "no-worker")
    redis.set("featurelens:renderer", "1")
    assert client.post(URL, json=BODY, headers=MINE).status_code == 202


def test_a_retry_costs_nothing(broker: str, tmp_path: Path, client: httpx.Client) -> None:
    with Server(Settings(redis_url=broker, state=tmp_path, quota=5)) as server:
        for _ in range(3):
            assert server.client.post(URL, json=BODY, headers=MINE).status_code == 202
            assert server.client.post(SWEEPS, json=SWEEP, headers=OTHER).status_code == 202
        check(server.client.post(URL, json=BODY | {"seed": 9}), 429, "over-quota")


def test_of_one_client_for_a_day(redis: Redis) -> None:
    retries = Retries(redis)
    with retries.once("a", "key", "this") as attempt:
        attempt.made = "made"
        assert 0 < redis.ttl(redis.keys("featurelens:idempotency:*")[0]) <= 60
        with pytest.raises(BeingAsked), retries.once("a", "key", "this"):
            raise AssertionError("it is under way")
    (name,) = redis.keys("featurelens:idempotency:*")
    assert 60 < redis.ttl(name) <= EXPIRY
    with retries.once("b", "key", "that") as attempt:
        assert attempt.made is None
    assert retries.answered("a", "key")
    assert not retries.answered("c", "key")
