"""Watching many jobs over one connection: all that polling tells, of any kind, and no cost for what is over or gone."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from featurelens.jobs.kinds import KINDS
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.previews import Previews
from featurelens.jobs.queue.records import Records
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from featurelens.service.auth.api_keys import ApiKeys
from featurelens.service.endpoints.job_events import JOBS, MOST
from tests.support.fake_worker import make
from tests.support.problems import check
from tests.support.server import Server
from tests.support.sse import parsed
from tests.support.visualizations import BODY, KEY, URL, put
from tests.support.wait import until

EVENTS = "/v1/events"
UNKNOWN = "fa1_" + "0" * 64


@contextmanager
def listening(client: httpx.Client, *keys: str, **headers: str) -> Iterator[Iterator[dict[str, Any]]]:
    with client.stream("GET", EVENTS, params={"key": keys}, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].partition(";")[0] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-cache"
        yield parsed(answer)


def ask(client: httpx.Client, channel: int) -> str:
    return str(client.post(URL, json={**BODY, "channel": channel}).json()["key"])


def attempt_of(redis: Redis, key: str) -> str:
    ticket = JobQueue(redis).find(key)
    assert ticket is not None
    return ticket.record.attempt


def test_many_kinds_at_once(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    """Each first as it is now, in the order asked for; one twice asked for is told once; the last has the id."""
    put(store)
    weights = client.get("/v1/models/tinynet/layers/conv2/units/7/filters", headers={"Prefer": "wait=0"}).json()
    waiting = ask(client, 5)
    keys = (KEY, weights["key"], UNKNOWN, waiting, KEY)
    with listening(client, *keys) as events:
        first = [next(events) for _ in range(4)]
        assert [event["event"] for event in first] == ["job", "job", "unknown", "job"]
        assert ["id" in event for event in first] == [False, False, False, True]
        assert first[0]["data"] == {**client.get(f"{URL}/{KEY}").json(), "evidence": None}
        assert first[1]["data"] == client.get(f"/v1/filters/{weights['key']}").json()
        assert first[2]["data"] == UNKNOWN
        assert first[3]["data"] == client.get(f"{URL}/{waiting}").json()
        make(redis, store, waiting)
        *_, ended = (event for event in _until_over(events, waiting))
        assert ended["data"] == client.get(f"{URL}/{waiting}").json()
        Records(redis).cancel(weights["key"], attempt_of(redis, weights["key"]))
        *_, ended = _until_over(events, weights["key"])
        assert ended["data"]["status"] == "cancelled"
        assert next(events, None) is None


def _until_over(events: Iterator[dict[str, Any]], key: str) -> Iterator[dict[str, Any]]:
    """Those of one job up to its end."""
    for event in events:
        assert event["data"]["key"] == key
        yield event
        if event["data"]["status"] in {"succeeded", "failed", "cancelled"}:
            return


def test_progress_and_previews(client: httpx.Client, redis: Redis, attempt: str) -> None:
    """Watching is what makes previews."""
    records, previews = Records(redis), Previews(redis)
    records.start(KEY, attempt, "x")
    with listening(client, KEY, UNKNOWN) as events:
        assert next(events)["data"]["status"] == "running"
        assert next(events)["event"] == "unknown"
        until(lambda: previews.watched(KEY))
        records.progress(KEY, attempt, "x", "rendering", 7, 0.5, 12.34)
        told = next(events)["data"]
        assert (told["progress"]["step"], told["links"]["preview"]) == (7, None)
        previews.put(KEY, b"webp")
        records.previewed(KEY, attempt, "x", 7)
        told = next(events)["data"]
        assert client.get(told["links"]["preview"]).content == b"webp"


def test_what_is_over_is_watched_no_more(client: httpx.Client, redis: Redis, server: Server, attempt: str) -> None:
    """While others of the same stream go on."""
    assert attempt
    other = ask(client, 5)
    with listening(client, KEY, other) as events:
        assert [next(events)["data"]["key"] for _ in range(2)] == [KEY, other]
        until(lambda: server.watcher.watchers(KEY) == server.watcher.watchers(other) == 1)
        Records(redis).cancel(KEY, attempt)
        assert next(events)["data"]["status"] == "cancelled"
        until(lambda: server.watcher.watchers(KEY) == 0)
        assert server.watcher.watchers(other) == 1
    until(lambda: server.watcher.watchers(other) == 0, 5)


def test_coming_back(client: httpx.Client, redis: Redis, attempt: str) -> None:
    """Nothing is told twice, and what was missed is told; 204 once the end is known."""
    records = Records(redis)
    records.start(KEY, attempt, "x")
    with listening(client, KEY, UNKNOWN) as events:
        seen = [next(events), next(events)][-1]["id"]
    with listening(client, KEY, UNKNOWN, **{"Last-Event-ID": seen}) as events:
        records.progress(KEY, attempt, "x", "rendering", 9, 0.6)
        told = next(events)
        assert told["data"]["progress"]["step"] == 9
    records.cancel(KEY, attempt)
    records.cancelled(KEY, attempt)
    with listening(client, KEY, UNKNOWN, **{"Last-Event-ID": told["id"]}) as events:
        ended, unknown = events
        assert (ended["data"]["status"], unknown["data"]) == ("cancelled", UNKNOWN)
    sent = {"Last-Event-ID": unknown["id"]}
    answer = client.get(EVENTS, params={"key": [KEY, UNKNOWN]}, headers=sent)
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.get(EVENTS, params={"key": [KEY]}, headers=sent).status_code == 200


@pytest.mark.usefixtures("attempt")
def test_forgotten(client: httpx.Client, redis: Redis) -> None:
    with listening(client, KEY) as events:
        next(events)
        redis.flushall()
        assert [(event["event"], event["data"]) for event in events] == [("unknown", KEY)]


def test_as_many_as_there_may_be(client: httpx.Client, attempt: str) -> None:
    assert attempt
    unknown = [f"fv1_{number:064x}" for number in range(MOST)]
    with listening(client, *unknown) as events:
        assert [event["data"] for event in events] == unknown
    problem = check(client.get(EVENTS, params={"key": [*unknown, KEY]}), 422, "invalid-spec")
    assert problem["errors"][0]["pointer"] == "key"


@pytest.mark.parametrize("key", ["fx1_" + "0" * 64, "fv1_0", "nonsense"])
def test_no_key_of_ours(client: httpx.Client, key: str) -> None:
    assert "fv1_" in check(client.get(EVENTS, params={"key": [KEY, key]}), 404, "not-found")["detail"]


def test_no_key_at_all(client: httpx.Client) -> None:
    check(client.get(EVENTS), 422, "invalid-spec")


def test_every_kind_is_declared() -> None:
    assert sorted(kind.__name__.lower() for kind in JOBS) == sorted(kind.name for kind in KINDS)


def test_slow_readers_cost_nothing(client: httpx.Client, redis: Redis, server: Server, attempt: str) -> None:
    """Fifty who never read: others are answered meanwhile, and when they vanish nothing of them is left."""
    host, port = server.url.removeprefix("http://").split(":")
    other = ask(client, 5)
    readers = [socket.create_connection((host, int(port))) for _ in range(50)]
    sent = f"GET {EVENTS}?key={KEY}&key={other} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    try:
        for reader in readers:
            reader.sendall(sent.encode())
        until(lambda: server.watcher.watchers(KEY) == server.watcher.watchers(other) == 50)
        with listening(client, KEY) as events:
            next(events)
            Records(redis).start(KEY, attempt, "x")
            begun = time.monotonic()
            assert next(events)["data"]["status"] == "running"
            assert time.monotonic() - begun < 15, "on a busy machine, too"
    finally:
        for reader in readers:
            reader.close()
    until(lambda: server.watcher.watchers(KEY) == server.watcher.watchers(other) == 0, 20)


def test_comments_while_nothing_happens(client: httpx.Client, attempt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert attempt
    monkeypatch.setattr("featurelens.service.job_stream.SILENCE", 0.1)
    with client.stream("GET", EVENTS, params={"key": KEY}) as answer:
        lines = answer.iter_lines()
        until(lambda: next(lines) == ": ping")


def test_a_revoked_key_ends_it(broker: str, tmp_path: Path, client: httpx.Client) -> None:
    assert client.get("/livez").status_code == 200
    settings = Settings(redis_url=broker, state=tmp_path, auth="on")
    with Server(settings) as guarded:
        keys = ApiKeys(settings.keys_file)
        secret = keys.create("render")
        guarded.client.headers["Authorization"] = f"Bearer {secret}"
        key = ask(guarded.client, 3)
        with listening(guarded.client, key) as events:
            next(events)
            found = keys.find(secret)
            assert found is not None
            keys.revoke(found.id)
            begun = time.monotonic()
            assert next(events, None) is None
            assert time.monotonic() - begun < 8
        check(guarded.client.get(EVENTS, params={"key": key}), 401, "not-authenticated")
