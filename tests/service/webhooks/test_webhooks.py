"""Who asks for a job is told how it ended, over HTTP, by whichever service is there then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from redis import Redis
from standardwebhooks import Webhook

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.record import record_key
from featurelens.jobs.queue.records import Records
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from featurelens.service.auth.api_keys import ApiKeys
from tests.support.authorization import bearer
from tests.support.fake_worker import FakeWorker, make
from tests.support.problems import check
from tests.support.receiver import Receiver
from tests.support.served import somebody_works
from tests.support.server import Server
from tests.support.visualizations import BODY, KEY, URL, put
from tests.support.wait import until

HOSTS = "http://127.0.0.1,hooks.example.org"
HEADER = "Featurelens-Callback"
SWEEP = {"model": "tinynet", "layer": "conv2", "channels": "0-3"}
DUE = "featurelens:webhooks"


@pytest.fixture(scope="session")
def broker(broker: str) -> str:
    """Another part of it than other tests use: whoever sees a delivery there takes it."""
    return f"{broker}/2"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("webhooks")


@pytest.fixture(scope="module")
def calling(broker: str, place: Path) -> Iterator[Server]:
    with Server(Settings(redis_url=broker, state=place, webhook_hosts=HOSTS, root_path="/lens")) as server:
        yield server


@pytest.fixture
def worker_there(redis: Redis, catalog: Catalog) -> None:
    somebody_works(redis)


@pytest.fixture
def kept(place: Path) -> FileStore:
    store = FileStore(Settings(state=place).results_folder)
    store.delete(KEY)
    return store


@pytest.fixture
def client(calling: Server, worker_there: None, kept: FileStore) -> Iterator[httpx.Client]:
    yield calling.client
    calling.settle()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def ask(client: httpx.Client, url: str, path: str = URL, body: Any = BODY, **headers: str) -> httpx.Response:
    return client.post(path, json=body, headers={HEADER: url, **headers})


def heard(receiver: Receiver, number: int = 1) -> list[dict[str, Any]]:
    """The bodies of so many calls."""
    until(lambda: len(receiver.calls) >= number, 20, f"{number} calls")
    return [json.loads(call.body) for call in receiver.calls]


def verified(receiver: Receiver, place: Path) -> None:
    secret = Settings(state=place).webhook_secret_file.read_text()
    for call in receiver.calls:
        Webhook(secret).verify(call.body, dict(call.headers))


def test_each_asker_hears_once(
    client: httpx.Client, receiver: Receiver, redis: Redis, kept: FileStore, place: Path
) -> None:
    """The resource, with addresses as this asker has to write them."""
    keys = [ask(client, receiver.url(f"/{number}")).json()["key"] for number in range(2)]
    assert keys == [KEY, KEY], "a callback is no part of what is asked for"
    assert receiver.calls == []
    make(redis, kept, KEY)
    told = heard(receiver, 2)
    assert sorted(call.path for call in receiver.calls) == ["/0", "/1"]
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 2
    shown = client.get(f"{URL}/{KEY}").json()
    assert told == [shown, shown]
    assert told[0]["links"]["self"] == f"/lens{URL}/{KEY}"
    verified(receiver, place)
    until(lambda: redis.zcard(DUE) == 0)
    assert 'featurelens_webhooks_total{outcome="delivered"} 2.0' in client.get("/metrics").text


def test_what_is_there_already_is_told_too(client: httpx.Client, receiver: Receiver, kept: FileStore) -> None:
    put(kept)
    assert ask(client, receiver.url()).status_code == 200
    assert heard(receiver)[0]["status"] == "succeeded"


@pytest.mark.parametrize("how", ["failed", "cancelled"])
def test_other_ends_are_told(client: httpx.Client, receiver: Receiver, redis: Redis, how: str) -> None:
    ask(client, receiver.url())
    if how == "failed":
        ticket = JobQueue(redis).find(KEY)
        assert ticket is not None
        Records(redis).fail(KEY, ticket.record.attempt, RenderFailed("it broke"))
    else:
        client.delete(f"{URL}/{KEY}")
    told = heard(receiver)[0]
    assert told["status"] == how
    assert how == "cancelled" or told["error"]["detail"] == "it broke"


def test_a_sweep_is_told_once(client: httpx.Client, receiver: Receiver, redis: Redis, kept: FileStore) -> None:
    asked = ask(client, receiver.url(), "/v1/sweeps", SWEEP).json()
    with FakeWorker(redis, kept):
        (told,) = heard(receiver)
    assert (told["id"], told["status"], told["counts"]["succeeded"]) == (asked["id"], "finished", 4)


def test_a_request_sent_again_is_told_once(
    client: httpx.Client, receiver: Receiver, redis: Redis, kept: FileStore
) -> None:
    mine = {"Idempotency-Key": "mine"}
    assert [ask(client, receiver.url(), **mine).status_code for _ in range(2)] == [202, 202]
    check(ask(client, receiver.url("/other"), **mine), 422, "idempotency-key-reused")
    assert redis.zcard(DUE) == 1
    make(redis, kept, KEY)
    heard(receiver)
    until(lambda: redis.zcard(DUE) == 0)
    assert len(receiver.calls) == 1


def test_a_receiver_that_fails_hears_the_same_again(client: httpx.Client, redis: Redis, kept: FileStore) -> None:
    """Whatever has become of the job since."""
    with Receiver(500, 503) as receiver:
        ask(client, receiver.url())
        make(redis, kept, KEY)
        for _ in range(2):
            number = len(receiver.calls) + 1
            heard(receiver, number)
            until(lambda: _tries(redis) == len(receiver.calls))
            client.delete(f"{URL}/{KEY}/image")
            (id,) = cast("list[bytes]", redis.zrange(DUE, 0, -1))
            redis.zadd(DUE, {id: 0})
        assert len({call.body for call in receiver.calls}) == 1
        heard(receiver, 3)
        assert len({(call.body, call.headers["webhook-id"]) for call in receiver.calls}) == 1
        until(lambda: redis.zcard(DUE) == 0)


def _tries(redis: Redis) -> int:
    (name,) = cast("list[bytes]", redis.keys("featurelens:webhook:msg_*"))
    return int(cast("bytes | None", redis.hget(name.decode(), "tries")) or 0)


def test_one_that_wants_no_more_is_left_alone(client: httpx.Client, redis: Redis, kept: FileStore) -> None:
    with Receiver(410) as receiver:
        put(kept)
        ask(client, receiver.url())
        heard(receiver)
        until(lambda: redis.zcard(DUE) == 0)
        assert 'featurelens_webhooks_total{outcome="failed"} 1.0' in client.get("/metrics").text


def test_a_job_that_is_gone_is_given_up(client: httpx.Client, redis: Redis) -> None:
    ask(client, "http://127.0.0.1:9/")
    redis.delete(record_key(KEY))
    until(lambda: redis.zcard(DUE) == 0)


@pytest.mark.parametrize("path", [URL, "/v1/sweeps"])
def test_other_hosts_are_refused(client: httpx.Client, redis: Redis, path: str) -> None:
    body = BODY if path == URL else SWEEP
    problem = check(ask(client, "https://example.net/", path, body), 422, "callback-refused")
    assert problem["errors"][0]["pointer"] == HEADER
    assert problem["errors"][0]["valid"] == HOSTS.split(",")
    assert redis.keys("featurelens:webhook*") == []
    assert JobQueue(redis).find(KEY) is None


def test_off_until_hosts_are_listed(server: Server, worker_there: None) -> None:
    problem = check(ask(server.client, "https://hooks.example.org/"), 422, "callback-refused")
    assert "lists no hosts" in problem["detail"]


def test_who_may_only_read_calls_nobody(broker: str, tmp_path: Path, redis: Redis, worker_there: None) -> None:
    settings = Settings(redis_url=broker, state=tmp_path, auth="on", webhook_hosts=HOSTS)
    key = ApiKeys(settings.keys_file).create("read", "who looks")
    with Server(settings) as server:
        check(ask(server.client, "https://hooks.example.org/", **bearer(key)), 403, "not-allowed")
        check(ask(server.client, "https://hooks.example.org/"), 401, "not-authenticated")
    assert redis.zcard(DUE) == 0
