"""Sweeps: every picture its own, counted truly, stopped together without harming others, shown on one sheet."""

from __future__ import annotations

import io
import time
from typing import Any

import httpx
import pytest
from PIL import Image as Picture
from redis import Redis

from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.kinds.base import QUEUE, SWEEP_QUEUE
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.records import Records
from featurelens.jobs.store.file_store import FileStore
from tests.support.catalog import ENTRY
from tests.support.fake_worker import make
from tests.support.problems import check
from tests.support.visualizations import BODY
from tests.support.visualizations import URL as PICTURES

URL = "/v1/sweeps"
SWEEP: dict[str, Any] = {"model": "tinynet", "layer": "conv2", "channels": "0-2,5", "steps": 16}


def ask(client: httpx.Client, **changes: Any) -> str:
    answer = client.post(URL, json=SWEEP | changes)
    assert answer.status_code == 202, answer.text
    return str(answer.headers["location"])


def items(client: httpx.Client, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    address = f"{url}/items?limit=3"
    while address:
        page = client.get(address).json()
        found += page["items"]
        address = page["next"]
    return found


def test_fresh(client: httpx.Client, redis: Redis) -> None:
    answer = client.post(URL, json=SWEEP | {"signs": ["positive", "negative"], "seeds": [0, 7]})
    assert answer.status_code == 202
    assert answer.headers["retry-after"] == "2"
    body = answer.json()
    assert (body["status"], body["total"], body["counts"]["queued"]) == ("underway", 16, 16)
    assert sum(body["counts"].values()) == 16
    assert body["spec"]["model"] == ENTRY.name
    listed = items(client, body["links"]["self"])
    assert len({item["key"] for item in listed}) == 16
    assert [(item["channel"], item["sign"], item["seed"]) for item in listed[:5]] == [
        (0, "positive", 0),
        (0, "positive", 7),
        (0, "negative", 0),
        (0, "negative", 7),
        (1, "positive", 0),
    ]
    assert redis.llen(f"rq:queue:{SWEEP_QUEUE}") == 16
    assert redis.llen(f"rq:queue:{QUEUE}") == 0
    one = client.get(listed[0]["url"]).json()
    assert (one["status"], one["spec"]["channel"], one["position"]) == ("queued", 0, 1)


def test_the_same_picture_as_asked_for_alone(client: httpx.Client, redis: Redis) -> None:
    """It moves to the queue of single pictures, and is made once."""
    url = ask(client)
    alone = client.post(PICTURES, json={**BODY, "channel": 5, "steps": 16})
    assert alone.json()["key"] == items(client, url)[3]["key"]
    assert (alone.json()["deduplicated"], alone.json()["position"]) == (True, 1)
    assert redis.llen(f"rq:queue:{QUEUE}") == 1
    assert redis.llen(f"rq:queue:{SWEEP_QUEUE}") == 3


def test_to_the_sheet(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    url = ask(client)
    check(client.get(f"{url}/sheet"), 409, "not-ready")
    keys = [item["key"] for item in items(client, url)]
    for key, color in zip(keys[:3], [(255, 0, 0), (0, 255, 0), (0, 0, 255)], strict=True):
        make(redis, store, key, color)
    ticket = JobQueue(redis).find(keys[3])
    assert ticket is not None
    Records(redis).fail(keys[3], ticket.record.attempt, RenderFailed("no"))
    body = client.get(url).json()
    assert body["status"] == "finished"
    assert (body["counts"]["succeeded"], body["counts"]["failed"]) == (3, 1)
    thumbnail = items(client, url)[0]["thumbnail"]
    assert client.get(thumbnail).headers["content-type"] == "image/webp"
    answer = client.get(body["links"]["sheet"])
    sheet = Picture.open(io.BytesIO(answer.content))
    assert sheet.size == (2 * 100 - 4, 2 * 68 - 4), "as large as the pictures are"
    corners = [sheet.getpixel((x, y)) for y in (5, 73) for x in (5, 105)]
    assert corners == [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]
    again = client.get(f"{url}/sheet", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    check(client.delete(url), 409, "already-over")
    again = client.post(URL, json=SWEEP | {"channels": [0, 1, 2]})
    assert (again.status_code, again.json()["status"], again.json()["counts"]["succeeded"]) == (200, "finished", 3)


def test_cancel(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    """What runs is being stopped, what is finished stays, what others wait for is still made."""
    url = ask(client, channels="0-4")
    keys = [item["key"] for item in items(client, url)]
    make(redis, store, keys[0])
    running = JobQueue(redis).find(keys[1])
    assert running is not None
    Records(redis).start(keys[1], running.record.attempt, "x")
    client.post(PICTURES, json={**BODY, "channel": 2, "steps": 16})
    other = ask(client, channels="3")
    answer = client.delete(url)
    assert (answer.status_code, answer.json()["status"]) == (202, "cancelling")
    states = [item["status"] for item in items(client, url)]
    assert states == ["succeeded", "cancelling", "queued", "queued", "cancelled"]
    assert client.delete(url).status_code == 202, "again, and nobody is left twice"
    assert [item["status"] for item in items(client, other)] == ["queued"]
    Records(redis).cancelled(keys[1], running.record.attempt)
    for key in keys[2:4]:
        make(redis, store, key)
    assert client.get(url).json()["status"] == "cancelled"
    check(client.delete(url), 409, "already-over")


def test_a_replaced_attempt_is_not_left(client: httpx.Client, redis: Redis) -> None:
    """The sweep asked for an attempt that has failed; somebody else has asked anew."""
    url = ask(client, channels=[3])
    key = items(client, url)[0]["key"]
    ticket = JobQueue(redis).find(key)
    assert ticket is not None
    Records(redis).fail(key, ticket.record.attempt, RenderFailed("no"))
    client.post(PICTURES, json={**BODY, "steps": 16})
    assert client.delete(url).status_code == 202
    assert client.get(f"{PICTURES}/{key}").json()["status"] == "queued"


def test_jobs_that_vanished_are_queued_again(client: httpx.Client, redis: Redis) -> None:
    """Never told as failed: one may be made all the same."""
    url = ask(client, channels=[0, 1])
    JobQueue(redis).of(SWEEP_QUEUE).empty()  # type: ignore[no-untyped-call]
    assert [item["status"] for item in items(client, url)] == ["queued", "queued"]
    assert len(JobQueue(redis)) == 2
    assert client.get(url).json()["counts"]["queued"] == 2


def test_records_that_have_expired(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    url = ask(client, channels=[0, 1])
    keys = [item["key"] for item in items(client, url)]
    make(redis, store, keys[0])
    redis.delete(*(f"featurelens:visualization:{key}" for key in keys))
    assert [item["status"] for item in items(client, url)] == ["succeeded", "forgotten"]
    assert client.get(url).json()["status"] == "finished"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"channels": "5-1"}, "/channels"),
        ({"channels": "a"}, "/channels"),
        ({"channels": []}, "/channels"),
        ({"channels": "0-16"}, "/channels"),
        ({"channels": [16]}, "/channels"),
        ({"channels": "0-99999"}, "/channels"),
        ({"channels": "0-4000", "seeds": [0, 1]}, ""),
        ({"channel": 3}, ""),
        ({"signs": []}, "/signs"),
        ({"objective": {"type": "layer"}}, ""),
        ({"nonsense": 1}, "/nonsense"),
    ],
)
def test_bad_ones(client: httpx.Client, redis: Redis, change: dict[str, Any], pointer: str) -> None:
    answer = client.post(URL, json=SWEEP | change)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert "Value error" not in answer.text
    assert len(JobQueue(redis)) == 0


def test_nobody_to_make_them(client: httpx.Client, redis: Redis) -> None:
    redis.delete(f"rq:workers:{SWEEP_QUEUE}")
    check(client.post(URL, json=SWEEP), 503, "no-worker")
    assert client.post(PICTURES, json=BODY).status_code == 202


@pytest.mark.parametrize("id", ["sweep_" + "0" * 32, "x", "sweep_.."])
@pytest.mark.parametrize("path", ["", "/items", "/sheet"])
def test_unknown(client: httpx.Client, id: str, path: str) -> None:
    check(client.get(f"{URL}/{id}{path}"), 404, "not-found")
    if not path:
        check(client.delete(f"{URL}/{id}"), 404, "not-found")


def test_a_large_one(client: httpx.Client, redis: Redis) -> None:
    """Asked for, counted and stopped in about a second; the bounds leave room for a busy machine."""
    begun = time.monotonic()
    url = ask(client, channels=[*range(16), 3], seeds=list(range(32)), signs=["positive", "negative"])
    asked = time.monotonic()
    body = client.get(url).json()
    counted = time.monotonic()
    assert body["counts"]["queued"] == body["total"] == 1024
    assert client.delete(url).json()["counts"]["cancelled"] == 1024
    stopped = time.monotonic()
    assert len(JobQueue(redis)) == 0
    assert asked - begun < 10
    assert counted - asked < 1
    assert stopped - counted < 10


def test_so_many_are_kept_and_no_more(client: httpx.Client, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is forgotten, not its pictures."""
    monkeypatch.setattr("featurelens.service.sweeps.MOST_PICTURES", 10)
    urls = [ask(client, seed=seed) for seed in range(4)]
    assert [client.get(url).status_code for url in urls] == [404, 404, 200, 200]
    assert len(redis.keys("featurelens:sweep:*:items")) == 2
    assert redis.get("featurelens:sweeps:pictures") == b"8"
    assert redis.llen(f"rq:queue:{SWEEP_QUEUE}") == 16
