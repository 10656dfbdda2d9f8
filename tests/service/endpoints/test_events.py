"""Watching: everything that polling tells, the end always, nothing twice, and no cost for those who went away."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from redis import Redis

from featurelens.jobs.kinds.base import QUEUE
from featurelens.jobs.queue.aside import restore, set_aside
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.previews import Previews
from featurelens.jobs.queue.records import Records
from featurelens.jobs.store.file_store import FileStore
from tests.support.problems import check
from tests.support.server import Server
from tests.support.sse import parsed
from tests.support.visualizations import KEY, URL, put
from tests.support.wait import until

EVENTS = f"{URL}/{KEY}/events"


@contextmanager
def listening(client: httpx.Client, last: str | None = None) -> Iterator[Iterator[dict[str, Any]]]:
    headers = {"Last-Event-ID": last} if last else {}
    with client.stream("GET", EVENTS, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].partition(";")[0] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-cache"
        yield parsed(answer)


def test_from_the_queue_to_the_end(client: httpx.Client, redis: Redis, attempt: str, store: FileStore) -> None:
    records = Records(redis)
    with listening(client) as events:
        first = next(events)
        assert (first["event"], first["data"], first["retry"]) == (
            "queued",
            {"position": 1, "waiting_for": None},
            "2000",
        )
        records.start(KEY, attempt, "x")
        records.progress(KEY, attempt, "x", "rendering", 7, 0.5, 12.34)
        # Whoever looks between the two moves is told of the first as well.
        told = next(event for event in events if event["data"]["stage"] == "rendering")
        polled = client.get(f"{URL}/{KEY}").json()["progress"]
        assert (told["event"], told["data"]) == ("progress", polled)
        assert polled["seconds_left"] == 12.3
        records.commit(KEY, attempt, "x")
        assert next(events)["data"]["stage"] == "storing"
        put(store)
        records.succeed(KEY, attempt, "x")
        last = next(events)
        assert (last["event"], last["data"]) == ("succeeded", client.get(f"{URL}/{KEY}").json())
        assert next(events, None) is None
    answer = client.get(EVENTS, headers={"Last-Event-ID": last["id"]})
    assert (answer.status_code, answer.content) == (204, b"")


def test_set_aside(client: httpx.Client, redis: Redis, attempt: str) -> None:
    """What no slot here understands has no place in the queue, and polling, events and those of many jobs say why."""
    apart = {"position": None, "waiting_for": "other-version"}
    with listening(client) as events:
        assert next(events)["data"] == {"position": 1, "waiting_for": None}
        with redis.pipeline() as pipe:
            pipe.lrem(JobQueue(redis).of(QUEUE).key, 0, attempt)
            set_aside(pipe, JobQueue(redis).of(QUEUE), attempt)
            pipe.execute()
        assert next(events)["data"] == apart
        polled = client.get(f"{URL}/{KEY}").json()
        assert {name: polled[name] for name in apart} == apart
        assert polled["status"] == "queued"
        restore(redis, JobQueue(redis).of(QUEUE))
        assert next(events)["data"] == {"position": 1, "waiting_for": None}


def test_previews(client: httpx.Client, redis: Redis, attempt: str) -> None:
    """Watching events is what makes them; each is told once, and polling tells the same."""
    records, previews = Records(redis), Previews(redis)
    records.start(KEY, attempt, "x")
    assert not previews.watched(KEY)
    check(client.get(f"{URL}/{KEY}/preview"), 404, "not-found")
    with listening(client) as events:
        next(events)
        until(lambda: previews.watched(KEY))
        previews.put(KEY, b"webp")
        records.previewed(KEY, attempt, "x", 7)
        told = next(events)
        assert (told["event"], "id" in told) == ("preview", False)
        assert told["data"]["url"] == client.get(f"{URL}/{KEY}").json()["links"]["preview"]
        answer = client.get(told["data"]["url"])
        assert (answer.content, answer.headers["content-type"]) == (b"webp", "image/webp")
        assert answer.headers["cache-control"] == "no-store"
        records.progress(KEY, attempt, "x", "rendering", 9, 0.5)
        assert next(events)["event"] == "progress"


def test_coming_back(client: httpx.Client, redis: Redis, attempt: str) -> None:
    records = Records(redis)
    records.start(KEY, attempt, "x")
    records.progress(KEY, attempt, "x", "rendering", 7, 0.5)
    with listening(client) as events:
        seen = next(events)
    records.progress(KEY, attempt, "x", "rendering", 9, 0.6)
    with listening(client, seen["id"]) as events:
        newer = next(events)
        assert newer["data"]["step"] == 9
    with listening(client, newer["id"]) as events:
        records.cancel(KEY, attempt)
        assert next(events)["data"]["stage"] == "stopping"
        records.cancelled(KEY, attempt)
        assert next(events)["event"] == "cancelled"


def test_what_has_ended_is_told_once(client: httpx.Client, store: FileStore) -> None:
    put(store)
    with listening(client) as events:
        (only,) = events
    assert only["event"] == "succeeded"


@pytest.mark.usefixtures("attempt")
def test_forgotten(client: httpx.Client, redis: Redis) -> None:
    with listening(client) as events:
        next(events)
        redis.flushall()
        assert next(events, None) is None
    check(client.get(EVENTS), 404, "not-found")


@pytest.mark.usefixtures("attempt")
def test_who_has_gone_costs_nothing(client: httpx.Client, server: Server) -> None:
    """A hundred come, half of them never read; all of them vanish; others are answered meanwhile."""
    host, port = server.url.removeprefix("http://").split(":")
    watcher = server.watcher
    readers = [socket.create_connection((host, int(port))) for _ in range(100)]
    try:
        for reader in readers:
            reader.sendall(f"GET {EVENTS} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        until(lambda: watcher.watchers(KEY) == 100)
        begun = time.monotonic()
        assert client.get("/livez").status_code == 200
        assert time.monotonic() - begun < 0.5
    finally:
        for reader in readers:
            reader.close()
    until(lambda: watcher.watchers(KEY) == 0, 5)


def test_comments_while_nothing_happens(client: httpx.Client, attempt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("featurelens.service.event_stream.SILENCE", 0.1)
    with client.stream("GET", EVENTS) as answer:
        lines = answer.iter_lines()
        until(lambda: next(lines) == ": ping")
    assert attempt
