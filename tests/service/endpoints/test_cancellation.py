"""Wanting a picture no more: each asker leaves for himself, the last one stops it."""

from __future__ import annotations

import httpx
import pytest
from redis import Redis

from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.records import Records
from tests.support.problems import check
from tests.support.visualizations import BODY, KEY, URL


def test_queued(client: httpx.Client, redis: Redis, attempt: str) -> None:
    answer = client.delete(f"{URL}/{KEY}")
    assert (answer.status_code, answer.json()["status"], answer.json()["askers"]) == (200, "cancelled", None)
    assert len(JobQueue(redis)) == 0
    assert not redis.exists(f"rq:job:{attempt}")
    check(client.delete(f"{URL}/{KEY}"), 409, "already-over")
    again = client.post(URL, json=BODY)
    assert (again.status_code, again.json()["status"], again.json()["deduplicated"]) == (202, "queued", False)


def test_running(client: httpx.Client, redis: Redis, attempt: str) -> None:
    Records(redis).start(KEY, attempt, "x")
    for _ in range(2):
        answer = client.delete(f"{URL}/{KEY}")
        assert (answer.status_code, answer.json()["status"]) == (202, "cancelling")
    Records(redis).cancelled(KEY, attempt)
    assert client.get(f"{URL}/{KEY}").json()["status"] == "cancelled"


@pytest.mark.usefixtures("attempt")
def test_shared(client: httpx.Client) -> None:
    assert client.post(URL, json=BODY).json()["askers"] == 2
    first = client.delete(f"{URL}/{KEY}")
    assert (first.status_code, first.json()["status"], first.json()["askers"]) == (200, "queued", 1)
    second = client.delete(f"{URL}/{KEY}")
    assert (second.status_code, second.json()["status"]) == (200, "cancelled")


def test_too_late(client: httpx.Client, redis: Redis, attempt: str) -> None:
    records = Records(redis)
    records.start(KEY, attempt, "x")
    records.commit(KEY, attempt, "x")
    check(client.delete(f"{URL}/{KEY}"), 409, "already-over")
    records.fail(KEY, attempt, RenderFailed("no"))
    check(client.delete(f"{URL}/{KEY}"), 409, "already-over")


def test_unknown(client: httpx.Client) -> None:
    check(client.delete(f"{URL}/{KEY}"), 404, "not-found")
