"""The units of a layer: the newest finished picture of each, of either sign, and nothing is asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.queue import index, walk
from featurelens.jobs.queue.index import JobIndex
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.file_store import FileStore
from tests.support.catalog import ENTRY, LAYERS
from tests.support.problems import check
from tests.support.results import result
from tests.support.server import Server
from tests.support.visualizations import BODY
from tests.support.visualizations import URL as PICTURES

URL = "/v1/models/tinynet/layers/conv2/units"
PNG = b"\x89PNG picture"


def put(redis: Redis, store: FileStore, channel: int, status: str = "succeeded", **changes: Any) -> str:
    """A picture in the store and on top of the index."""
    fields: dict[str, Any] = {
        "model": ENTRY.name,
        "layer": "conv2",
        "size": ENTRY.input_size,
        "channel": channel,
    } | changes
    spec = VisualizationSpec(**fields).completed()
    key = VISUALIZATION.key(spec, ENTRY.digest, ENTRY.renderer)
    store.put(result([PNG], key, spec, {"activation": channel + 0.5}), [PNG])
    with redis.pipeline(transaction=True) as pipe:
        index.write(pipe, key, spec, datetime.now(UTC), status, 100)
        pipe.execute()
    return key


def units(client: httpx.Client, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"{URL}{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["units"]
    return found


def test_the_newest_of_each_sign(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    put(redis, store, 3)
    newest = put(redis, store, 3, steps=16, seed=7)
    negative = put(redis, store, 5, sign="negative")
    put(redis, store, 6, "running", steps=32)
    put(redis, store, 4, layer="conv1")
    put(redis, store, 9, objective={"type": "neuron"})
    body = client.get(URL).json()
    assert (body["model"], body["layer"], body["total"], body["next"]) == (ENTRY.name, "conv2", 16, None)
    assert [unit["channel"] for unit in body["units"]] == list(range(16))
    assert body["units"][3]["positive"] == {
        "key": newest,
        "image": f"{PICTURES}/{newest}/image",
        "activation": 3.5,
        "steps": 16,
        "seed": 7,
        "objective": "channel",
    }
    assert (body["units"][5]["positive"], body["units"][5]["negative"]["key"]) == (None, negative)
    assert body["units"][9]["positive"]["objective"] == "neuron"
    shown = {
        (unit["channel"], sign) for unit in body["units"] for sign in ("positive", "negative") if unit[sign] is not None
    }
    assert shown == {(3, "positive"), (5, "negative"), (9, "positive")}
    assert client.get(body["units"][3]["positive"]["image"]).content == PNG


def test_pages_and_signs(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    for channel in range(16):
        put(redis, store, channel)
        put(redis, store, channel, sign="negative")
    body = client.get(f"{URL}?sign=negative&from=10&limit=4").json()
    assert [unit["channel"] for unit in body["units"]] == [10, 11, 12, 13]
    assert all(unit["positive"] is None and unit["negative"] is not None for unit in body["units"])
    last = client.get(body["next"]).json()
    assert [unit["channel"] for unit in last["units"]] == [14, 15]
    assert all(unit["positive"] is None for unit in last["units"])
    assert last["next"] is None
    assert units(client, "?from=16") == []


def test_labels_of_classes(client: httpx.Client, catalog: Catalog) -> None:
    labels = tuple(f"class {number}" for number in range(10))
    catalog.publish([ENTRY.model_copy(update={"labels": labels, "classes_layer": "logits"})])
    body = client.get("/v1/models/tinynet/layers/logits/units").json()
    assert [unit["label"] for unit in body["units"]] == list(labels)
    assert {unit["label"] for unit in units(client)} == {None}


def test_one_that_is_gone_gives_way(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    older, newer = put(redis, store, 3), put(redis, store, 3, steps=16)
    store.delete(newer)
    assert units(client)[3]["positive"]["key"] == older
    assert units(client)[3]["positive"]["key"] == older
    JobIndex(redis).forget(older)
    assert units(client)[3]["positive"] is None


def test_far_down_in_the_index(
    client: httpx.Client, redis: Redis, store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read part by part."""
    monkeypatch.setattr(walk, "STEP", 1)
    monkeypatch.setattr(walk, "TOGETHER", 2)
    key = put(redis, store, 3)
    for number in range(7):
        put(redis, store, 4, seed=number)
    assert units(client)[3]["positive"]["key"] == key


def test_after_the_broker_was_wiped(client: httpx.Client, redis: Redis, server: Server, store: FileStore) -> None:
    key = put(redis, store, 3)
    redis.delete(index.INDEX)
    first = client.get(URL).json()
    assert (first["complete"], first["units"][3]["positive"]) == (False, None)
    server.settle()
    again = client.get(URL).json()
    assert (again["complete"], again["units"][3]["positive"]["key"]) == (True, key)


def test_it_asks_for_nothing(client: httpx.Client, redis: Redis) -> None:
    assert len(units(client)) == 16
    assert len(JobQueue(redis)) == 0


def test_refused(client: httpx.Client) -> None:
    check(client.get("/v1/models/nothing/layers/conv2/units"), 404, "not-found")
    check(client.get("/v1/models/tinynet/layers/nothing/units"), 404, "not-found")
    check(client.get(f"{URL}?sign=both"), 422, "invalid-spec")
    check(client.get(f"{URL}?limit=4097"), 422, "invalid-spec")
    assert client.get("/v1/models/tinynet/layers/conv2").json()["name"] == LAYERS[1].name
    assert client.get(f"{URL}/3").json()["channel"] == BODY["channel"]
