"""How long a client would like to wait, and that it is kept waiting so long at most."""

from __future__ import annotations

import threading
import time

import httpx
import pytest
from redis import Redis

from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.records import Records
from featurelens.jobs.store.file_store import FileStore
from featurelens.service.prefer import wait
from tests.support.visualizations import BODY, KEY, URL, put


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ([], None),
        (["wait=5"], 5),
        (["wait=500"], 20),
        (["wait=0"], 0),
        (["respond-async, wait=7"], 7),
        (["respond-async", "Wait = 7"], 7),
        (['handling=lenient; x="a, wait=3", wait="9"'], 9),
        (["wait=3, wait=9"], 3),
        (["wait=5;why=now"], 5),
        (["wait=soon"], None),
        (["wait"], None),
        (["wait=-1"], None),
        (["wait=²"], None),
        ([",,; =, wait=4"], 4),
        (["waiting=5"], None),
    ],
)
def test_parsing(headers: list[str], seconds: int | None) -> None:
    assert wait(headers) == seconds


def attempt(redis: Redis) -> str:
    while (ticket := JobQueue(redis).find(KEY)) is None:
        time.sleep(0.02)
    return ticket.record.attempt


def test_done_in_time(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    def make() -> None:
        records, mine = Records(redis), attempt(redis)
        records.start(KEY, mine, "x")
        time.sleep(0.4)
        records.commit(KEY, mine, "x")
        put(store)
        records.succeed(KEY, mine, "x")

    maker = threading.Thread(target=make)
    maker.start()
    begun = time.monotonic()
    answer = client.post(URL, json=BODY, headers={"Prefer": "wait=10"})
    maker.join()
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
    assert answer.headers["preference-applied"] == "wait=10"
    assert answer.headers["location"] == f"{URL}/{KEY}"
    assert 0.3 < time.monotonic() - begun < 3
    again = client.post(URL, json=BODY, headers={"Prefer": "wait=10"})
    assert (again.status_code, again.headers["cache-status"]) == (200, "featurelens; hit")


def test_not_done_in_time(client: httpx.Client) -> None:
    begun = time.monotonic()
    answer = client.post(URL, json=BODY, headers={"Prefer": "wait=1"})
    assert 0.9 < time.monotonic() - begun < 3
    assert (answer.status_code, answer.json()["status"], answer.json()["deduplicated"]) == (202, "queued", False)
    assert answer.headers["preference-applied"] == "wait=1"
    assert answer.headers["retry-after"] == "1"


def test_failed_meanwhile(client: httpx.Client, redis: Redis) -> None:
    failing = threading.Thread(target=lambda: Records(redis).fail(KEY, attempt(redis), RenderFailed("no")))
    failing.start()
    answer = client.post(URL, json=BODY, headers={"Prefer": "wait=10"})
    failing.join()
    assert (answer.status_code, answer.json()["status"]) == (200, "failed")
