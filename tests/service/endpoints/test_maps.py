"""All maps of a layer, over HTTP: asked for, watched, taken as a file, given up, deleted."""

from __future__ import annotations

import io
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from redis import Redis

from featurelens.jobs.kinds import MAPS
from featurelens.jobs.spec.maps import MapsSpec
from featurelens.jobs.store.file_store import FileStore
from tests.support.catalog import ENTRY
from tests.support.maps import finish, map_file, numbers
from tests.support.photographs import encoded
from tests.support.problems import check
from tests.support.results import sha256
from tests.support.visualizations import KEY as PICTURE
from tests.support.visualizations import put
from tests.support.wait import until

URL = "/v1/maps"
ARRAY = np.random.default_rng(0).normal(size=(16, 4, 6)).astype(np.float32)
CONTENT = map_file(np.zeros((64, 96, 3), np.uint8), ARRAY)


@pytest.fixture
def body(client: httpx.Client) -> dict[str, Any]:
    png = encoded(Image.effect_noise((40, 30), 60).convert("RGB"))
    answer = client.post("/v1/photos", content=png, headers={"Content-Type": "image/png"})
    return {"model": "tinynet", "photo": answer.json()["photo"], "layer": "conv2"}


@pytest.mark.usefixtures("store")
def test_asked_for(client: httpx.Client, body: dict[str, Any]) -> None:
    answer = client.post(URL, json=body)
    said = answer.json()
    assert (answer.status_code, said["status"], said["links"]["file"]) == (202, "queued", None)
    assert answer.headers["location"] == said["links"]["self"] == f"{URL}/{said['key']}"
    spec = MapsSpec.model_validate({**body, "model": ENTRY.name, "size": list(ENTRY.input_size)})
    assert said["spec"] == spec.model_dump(mode="json")
    assert said["key"] == MAPS.key(spec, ENTRY.digest, ENTRY.renderer)
    for link in ("photo", "layer"):
        assert client.get(said["links"][link]).status_code == 200
    check(client.get(f"{URL}/{said['key']}/file"), 404, "not-found")
    assert client.post(URL, json=body).json()["deduplicated"] is True


def test_answered(client: httpx.Client, redis: Redis, store: FileStore, body: dict[str, Any]) -> None:
    said = client.post(URL, json=body).json()
    with client.stream("GET", said["links"]["events"]) as events:
        lines = events.iter_lines()
        until(lambda: next(lines) == "event: queued")
        finish(redis, store, said["key"], numbers(ARRAY), CONTENT)
        until(lambda: next(lines) == "event: succeeded")
        assert list(lines)[-1] == ""
    said = client.get(said["links"]["self"]).json()
    assert (said["status"], said["channels"], said["height"], said["width"]) == ("succeeded", 16, 4, 6)
    assert said["values"] == {"activation": {"minimum": float(ARRAY.min()), "maximum": float(ARRAY.max())}}
    assert (said["tokens"], said["attention"], said["numbers"]) == (None, None, {"device": "cpu"})
    hit = client.post(URL, json=body)
    assert (hit.status_code, hit.headers["cache-status"]) == (200, "featurelens; hit")
    file = client.get(said["links"]["file"])
    assert (file.status_code, file.content) == (200, CONTENT)
    assert file.headers["content-disposition"] == 'attachment; filename="maps.safetensors"'
    assert file.headers["etag"] == f'"{sha256(CONTENT)}"'
    again = client.get(said["links"]["file"], headers={"If-None-Match": file.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.usefixtures("store")
def test_given_up(client: httpx.Client, body: dict[str, Any]) -> None:
    url = client.post(URL, json=body).headers["location"]
    gone = client.delete(url)
    assert (gone.status_code, gone.json()["status"]) == (200, "cancelled")
    check(client.delete(url), 409, "already-over")


def test_deleted(client: httpx.Client, redis: Redis, store: FileStore, body: dict[str, Any]) -> None:
    said = client.post(URL, json=body).json()
    url = said["links"]["self"]
    check(client.delete(f"{url}/result"), 404, "not-found")
    finish(redis, store, said["key"], numbers(ARRAY), CONTENT)
    assert client.delete(f"{url}/result").status_code == 204
    check(client.get(url), 404, "not-found")
    check(client.get(f"{url}/file"), 404, "not-found")


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"photo": "sha256:" + "0" * 64}, "unknown-photo", "/photo"),
        ({"photo": PICTURE}, "unknown-photo", "/photo"),
        ({"photo": "me.jpg"}, "invalid-spec", "/photo"),
        ({"layer": "nowhere"}, "unknown-layer", "/layer"),
        ({"model": "nonesuch"}, "unknown-model", "/model"),
        ({"channel": 3}, "invalid-spec", "/channel"),
    ],
)
def test_refused(client: httpx.Client, body: dict[str, Any], change: dict[str, Any], code: str, pointer: str) -> None:
    problem = check(client.post(URL, json={**body, **change}), 422, code)
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]


@pytest.mark.parametrize("url", [URL, "/v1/activations"])
def test_a_picture_of_our_own_is_a_photograph(
    client: httpx.Client, store: FileStore, body: dict[str, Any], url: str
) -> None:
    """Named by its key, and the same job as for its pixels uploaded."""
    png = encoded(Image.effect_noise((96, 64), 60).convert("RGB"))
    put(store, [png])
    asked = {"model": "tinynet", **({"layer": "conv2"} if url == URL else {"layers": ["conv2"]})}
    said = client.post(url, json={**asked, "photo": PICTURE}).json()
    uploaded = client.post("/v1/photos", content=png, headers={"Content-Type": "image/png"}).json()["photo"]
    assert said["spec"]["photo"] == uploaded
    again = client.post(url, json={**asked, "photo": uploaded}).json()
    assert (again["key"], again["deduplicated"]) == (said["key"], True)
    assert Image.open(io.BytesIO(client.get(said["links"]["photo"]).content)).size == (96, 64)


def test_a_result_of_another_version(
    client: httpx.Client, redis: Redis, store: FileStore, body: dict[str, Any]
) -> None:
    said = client.post(URL, json=body).json()
    finish(redis, store, said["key"], {"channels": "many"}, CONTENT)
    check(client.get(said["links"]["self"]), 503, "other-version")
