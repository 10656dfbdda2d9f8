"""The weights of a unit over HTTP: asked for where the unit is, waited for, shown, deleted."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image as Pillow
from redis import Redis

from featurelens.jobs.kinds import FILTERS
from featurelens.jobs.queue.index import JobIndex
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.records import Records
from featurelens.jobs.settings import Settings
from featurelens.jobs.spec.filters import FiltersSpec
from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.result import Image, describe
from featurelens.service.auth.api_keys import ApiKeys
from featurelens.service.endpoints import filters as endpoint
from featurelens.service.openapi import filter_samples
from tests.support.catalog import ENTRY
from tests.support.photographs import encoded
from tests.support.problems import check
from tests.support.server import Server
from tests.support.wait import until

UNIT = f"/v1/models/{ENTRY.name}/layers/conv2/units/7"
URL = f"{UNIT}/filters"
SPEC = FiltersSpec(model=ENTRY.name, layer="conv2", channel=7, size=ENTRY.input_size)
KEY = FILTERS.key(SPEC, ENTRY.digest, ENTRY.renderer)
NUMBERS: dict[str, Any] = {
    "preactivation": True,
    "summands": [one.model_dump() for one in filter_samples.SUCCEEDED.summands or []],
    "picture": {"whole": 0, "positive": 1, "negative": 2, "scale": 0.5, "height": 3, "width": 3},
    "incoming": {
        "count": 8,
        "scale": 0.5,
        "positive": [
            {
                "layer": "conv1",
                "channel": 3,
                "strength": 0.5,
                "sum": 0.5,
                "height": 1,
                "width": 1,
                "kernel": [[0.5]],
                "through": [],
                "summand": 0,
                "image": 3,
            }
        ],
        "negative": [],
    },
    "outgoing": {"count": 0, "scale": 0.0, "positive": [], "negative": []},
    "behind": [],
    "expanded_picture": None,
    "expanded": {"count": 0, "scale": 0.0, "positive": [], "negative": []},
    "unknown": ["outgoing units: softmax is not a sum of its channels with fixed weights"],
    "device": "cpu",
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "PATIENCE", 1)


def finish(redis: Redis, store: FileStore, key: str = KEY) -> None:
    """As a worker would."""
    records = Records(redis)
    ticket = JobQueue(redis).find(key)
    assert ticket is not None
    attempt = ticket.record.attempt
    assert records.start(key, attempt, "x")
    assert records.commit(key, attempt, "x")
    pngs = [encoded(Pillow.new("RGB", (96, 96), (shade, 0, 0))) for shade in range(5)]
    images = tuple(Image(width=96, height=96, bytes=len(png), sha256=hashlib.sha256(png).hexdigest()) for png in pngs)
    made = describe(key, ticket.record.spec, NUMBERS, datetime.now(UTC)).model_copy(update={"images": images})
    store.put(made, pngs)
    assert records.succeed(key, attempt, "x")


@pytest.mark.usefixtures("store")
def test_asked_for_where_the_unit_is(client: httpx.Client) -> None:
    assert client.get(UNIT).json()["links"]["filters"] == URL
    begun = time.monotonic()
    answer = client.get(URL)
    assert time.monotonic() - begun > 0.9, "it has been waited for"
    said = answer.json()
    assert (answer.status_code, said["status"], said["key"]) == (202, "queued", KEY)
    assert answer.headers["location"] == said["links"]["self"] == f"/v1/filters/{KEY}"
    assert int(answer.headers["retry-after"]) >= 1
    assert said["spec"] == SPEC.model_dump(mode="json")
    assert client.get(said["links"]["self"]).json()["key"] == KEY
    assert said["links"]["sheet"] is None


def test_answered_as_soon_as_it_is_there(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    def worker() -> None:
        until(lambda: JobQueue(redis).find(KEY) is not None)
        finish(redis, store)

    thread = threading.Thread(target=worker)
    thread.start()
    answer = client.get(URL, headers={"Prefer": "wait=10"})
    thread.join()
    said = answer.json()
    assert (answer.status_code, said["status"]) == (200, "succeeded")
    assert (said["preactivation"], said["unknown"]) == (True, NUMBERS["unknown"])
    assert said["numbers"] == {"device": "cpu"}
    (one,) = said["incoming"]["positive"]
    assert client.get(one["unit"]).json()["channel"] == 3
    assert (one["kernel"], one["image"]) == ([[0.5]], f"/v1/filters/{KEY}/image?index=3")
    whole = client.get(said["picture"]["whole"])
    assert (whole.headers["content-type"], whole.content) == (
        "image/png",
        client.get(f"/v1/filters/{KEY}/image").content,
    )
    assert client.get(f"{said['links']['sheet']}&width=64&format=webp").headers["content-type"] == "image/webp"
    hit = client.get(URL)
    assert (hit.status_code, hit.headers["cache-status"]) == (200, "featurelens; hit")
    assert hit.json() == said
    check(client.get(f"/v1/filters/{KEY}/image?index=5"), 404, "not-found")
    assert "event: succeeded" in client.get(said["links"]["events"]).text
    lines, _ = JobIndex(redis).page(FILTERS, 10, None, model=ENTRY.name, layer="conv2", channel=7)
    assert [line.key for line in lines] == [KEY]


@pytest.mark.usefixtures("store")
def test_a_look_that_asks_for_nothing(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    """404 at once until somebody else has asked; then what there is, as far as it is; a failure stays one."""
    look = f"{URL}?ask=false"
    assert "nobody has asked" in check(client.get(look), 404, "not-found")["detail"]
    assert len(JobQueue(redis)) == 0
    client.get(URL)
    begun = time.monotonic()
    answer = client.get(look)
    assert time.monotonic() - begun < 0.9, "it has not been waited for"
    assert (answer.status_code, answer.json()["status"], answer.json()["askers"]) == (202, "queued", 1)
    finish(redis, store)
    answer = client.get(look)
    assert (answer.status_code, answer.json()) == (200, client.get(f"/v1/filters/{KEY}").json())


def test_a_look_does_not_try_again(client: httpx.Client) -> None:
    client.get(URL)
    client.delete(f"/v1/filters/{KEY}")
    answer = client.get(f"{URL}?ask=false")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")


def test_how_many_units_is_another_answer(client: httpx.Client) -> None:
    other = client.get(f"{URL}?units=3", headers={"Prefer": "wait=0"})
    assert other.json()["key"] == FILTERS.key(SPEC.model_copy(update={"units": 3}), ENTRY.digest, ENTRY.renderer)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("path", "status", "code", "said"),
    [
        ("tinynet/layers/conv2/units/16", 404, "not-found", "the units 0 to 15"),
        ("tinynet/layers/nowhere/units/0", 404, "not-found", "nearest"),
        ("nonesuch/layers/conv2/units/0", 404, "not-found", "nonesuch"),
        ("tinynet/layers/conv2/units/x", 422, "invalid-spec", ""),
    ],
)
def test_what_is_not_there(client: httpx.Client, path: str, status: int, code: str, said: str) -> None:
    assert said in check(client.get(f"/v1/models/{path}/filters"), status, code)["detail"]


@pytest.mark.usefixtures("store")
def test_too_many_units(client: httpx.Client) -> None:
    (fault,) = check(client.get(f"{URL}?units=33"), 422, "invalid-spec")["errors"]
    assert fault["pointer"] == "units"


def test_given_up_and_deleted(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    job = f"/v1/filters/{KEY}"
    check(client.delete(f"{job}/result"), 404, "not-found")
    client.get(URL, headers={"Prefer": "wait=0"})
    gone = client.delete(job)
    assert (gone.status_code, gone.json()["status"]) == (200, "cancelled")
    assert client.get(URL, headers={"Prefer": "wait=0"}).status_code == 202
    finish(redis, store)
    check(client.delete(job), 409, "already-over")
    assert client.delete(f"{job}/result").status_code == 204
    check(client.get(job), 404, "not-found")


@pytest.fixture
def guarded(broker: str, tmp_path: Path, client: httpx.Client) -> Iterator[Server]:
    """A service that asks for keys, and counts; `client` has filled the broker."""
    with Server(Settings(redis_url=broker, state=tmp_path, auth="on", quota=1)) as server:
        yield server


def test_who_only_reads_sees_what_is_there(guarded: Server, redis: Redis, tmp_path: Path) -> None:
    settings = Settings(state=tmp_path)
    keys = ApiKeys(settings.keys_file)
    reader, asker = (
        {"Authorization": f"Bearer {keys.create(scope)}", "Prefer": "wait=0"} for scope in ("read", "render")
    )
    assert "render" in check(guarded.client.get(URL, headers=reader), 403, "not-allowed")["detail"]
    asked = guarded.client.get(URL, headers=asker)
    assert (asked.status_code, asked.headers["ratelimit"].partition(";r=")[2][0]) == (202, "0")
    assert guarded.client.get(URL, headers=reader).status_code == 202
    check(guarded.client.get(f"{URL}?units=2", headers=asker), 429, "over-quota")
    finish(redis, FileStore(settings.results_folder))
    assert guarded.client.get(URL, headers=reader).status_code == 200
    assert guarded.client.get(URL, headers=asker).status_code == 200
    token = guarded.client.get(f"/v1/filters/{KEY}/token", headers=reader).json()["token"]
    assert guarded.client.get(f"/v1/filters/{KEY}/image", params={"token": token}).status_code == 200
