"""What a network sees in a photograph, over HTTP: asked for, watched, listed, given up, deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from PIL import Image
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.kinds import ACTIVATIONS
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.records import Records
from featurelens.jobs.spec.activations import ActivationsSpec
from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.result import describe
from tests.support.catalog import ENTRY, LAYERS
from tests.support.photographs import encoded
from tests.support.problems import check
from tests.support.visualizations import BODY as VISUALIZATION
from tests.support.wait import until

URL = "/v1/activations"
NUMBERS: dict[str, Any] = {
    "classes": [{"channel": 2, "label": None, "logit": 3.0, "probability": 0.9}],
    "layers": [
        {
            "layer": "conv2",
            "channels": 16,
            "height": 16,
            "width": 24,
            "preactivation": True,
            "highest": [{"channel": 7, "value": 2.5, "x": 3, "y": 1}],
            "lowest": [{"channel": 4, "value": -1.5, "x": 0, "y": 0}],
            "highest_mean": [{"channel": 7, "value": 0.5, "x": None, "y": None}],
            "lowest_mean": [{"channel": 4, "value": -0.5, "x": None, "y": None}],
        }
    ],
    "device": "cpu",
    "seconds": 0.25,
}


@pytest.fixture
def photo(client: httpx.Client) -> str:
    png = encoded(Image.effect_noise((40, 30), 60).convert("RGB"))
    answer = client.post("/v1/photos", content=png, headers={"Content-Type": "image/png"})
    return str(answer.json()["photo"])


@pytest.fixture
def body(photo: str) -> dict[str, Any]:
    return {"model": "tinynet", "photo": photo, "layers": ["conv2"]}


def finish(redis: Redis, store: FileStore, key: str) -> None:
    """As a worker would."""
    records, ticket = Records(redis), JobQueue(redis).find(key)
    assert ticket is not None
    attempt = ticket.record.attempt
    assert records.start(key, attempt, "x")
    assert records.commit(key, attempt, "x")
    store.put(describe(key, ticket.record.spec, NUMBERS, datetime.now(UTC)), [])
    assert records.succeed(key, attempt, "x")


@pytest.mark.usefixtures("store")
def test_asked_for(client: httpx.Client, body: dict[str, Any]) -> None:
    answer = client.post(URL, json=body)
    said = answer.json()
    assert (answer.status_code, said["status"], said["position"], said["askers"]) == (202, "queued", 1, 1)
    assert answer.headers["location"] == said["links"]["self"] == f"{URL}/{said['key']}"
    spec = ActivationsSpec.model_validate({**body, "model": ENTRY.name, "size": list(ENTRY.input_size)})
    assert said["spec"] == spec.model_dump(mode="json")
    assert said["key"] == ACTIVATIONS.key(spec, ENTRY.digest, ENTRY.renderer)
    assert client.get(said["links"]["photo"]).status_code == 200
    again = client.post(URL, json=body)
    assert (again.status_code, again.json()["deduplicated"], again.json()["askers"]) == (202, True, 2)


def test_answered(client: httpx.Client, redis: Redis, store: FileStore, body: dict[str, Any]) -> None:
    url = client.post(URL, json=body).headers["location"]
    finish(redis, store, url.rpartition("/")[2])
    said = client.get(url).json()
    assert (said["status"], said["classes"], said["layers"]) == ("succeeded", NUMBERS["classes"], NUMBERS["layers"])
    assert said["numbers"] == {"device": "cpu", "seconds": 0.25}
    hit = client.post(URL, json=body)
    assert (hit.status_code, hit.headers["cache-status"]) == (200, "featurelens; hit")
    assert hit.json()["layers"] == said["layers"]


def test_the_end_is_told(client: httpx.Client, redis: Redis, store: FileStore, body: dict[str, Any]) -> None:
    said = client.post(URL, json=body).json()
    with client.stream("GET", said["links"]["events"]) as answer:
        lines = answer.iter_lines()
        until(lambda: next(lines) == "event: queued")
        finish(redis, store, said["key"])
        until(lambda: next(lines) == "event: succeeded")
        assert '"classes":[{"channel":2' in next(lines)
        assert list(lines)[-1] == ""


@pytest.mark.usefixtures("store")
def test_given_up(client: httpx.Client, body: dict[str, Any]) -> None:
    url = client.post(URL, json=body).headers["location"]
    gone = client.delete(url)
    assert (gone.status_code, gone.json()["status"]) == (200, "cancelled")
    check(client.delete(url), 409, "already-over")
    assert client.post(URL, json=body).status_code == 202


def test_deleted(client: httpx.Client, redis: Redis, store: FileStore, body: dict[str, Any]) -> None:
    url = client.post(URL, json=body).headers["location"]
    check(client.delete(f"{url}/result"), 404, "not-found")
    finish(redis, store, url.rpartition("/")[2])
    assert client.delete(f"{url}/result").status_code == 204
    check(client.get(url), 404, "not-found")
    assert client.post(URL, json=body).status_code == 202


def test_lists_hold_one_kind(client: httpx.Client, redis: Redis, store: FileStore, body: dict[str, Any]) -> None:
    first = client.post(URL, json=body).json()["key"]
    picture = client.post("/v1/visualizations", json=VISUALIZATION).json()["key"]
    second = client.post(URL, json={**body, "units": 3}).json()["key"]
    finish(redis, store, first)
    until(lambda: client.get(URL).json()["complete"] is True, 5)

    def listed(query: str = "") -> list[str]:
        return [line["key"] for line in client.get(f"{URL}{query}").json()["activations"]]

    assert listed() == [second, first]
    assert listed("?status=succeeded") == [first]
    assert listed("?model=tinynet&limit=1") == [second]
    assert listed("?model=nonesuch") == []
    following = client.get(f"{URL}?limit=1").json()["next"]
    assert [line["key"] for line in client.get(following).json()["activations"]] == [first]
    assert [line["key"] for line in client.get("/v1/visualizations").json()["visualizations"]] == [picture]


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"photo": "sha256:" + "0" * 64}, "unknown-photo", "/photo"),
        ({"photo": "me.jpg"}, "invalid-spec", "/photo"),
        ({"layers": ["nowhere"]}, "unknown-layer", "/layers/0"),
        ({"layers": []}, "invalid-spec", "/layers"),
        ({"model": "nonesuch"}, "unknown-model", "/model"),
        ({"units": 101}, "invalid-spec", "/units"),
        ({"channel": 3}, "invalid-spec", "/channel"),
    ],
)
def test_refused(client: httpx.Client, body: dict[str, Any], change: dict[str, Any], code: str, pointer: str) -> None:
    problem = check(client.post(URL, json={**body, **change}), 422, code)
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]


@pytest.mark.usefixtures("store")
def test_layers_left_out_are_the_recommended_ones(client: httpx.Client, catalog: Catalog, body: dict[str, Any]) -> None:
    layers = [layer.model_copy(update={"recommended": layer.name != "conv1"}) for layer in LAYERS]
    catalog.publish_layers(ENTRY.name, layers)
    del body["layers"]
    assert client.post(URL, json=body).json()["spec"]["layers"] == ["conv2", "logits"]


@pytest.mark.usefixtures("store")
def test_keys_of_another_kind_are_none_of_ours(client: httpx.Client, body: dict[str, Any]) -> None:
    key = client.post(URL, json=body).json()["key"]
    for method, path in (("GET", ""), ("GET", "/events"), ("GET", "/image"), ("DELETE", ""), ("DELETE", "/image")):
        check(client.request(method, f"/v1/visualizations/{key}{path}"), 404, "not-found")
    check(client.get(f"{URL}/fv1_{key[4:]}"), 404, "not-found")
    check(client.get(f"{URL}/fa1_{'0' * 64}"), 404, "not-found")
