"""Attributions over HTTP: asked for, watched, seen, taken as a file, given up, deleted."""

from __future__ import annotations

import io
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from redis import Redis

from featurelens.jobs.kinds import ATTRIBUTION
from featurelens.jobs.palette import BLUE, ORANGE, WHITE
from featurelens.jobs.spec.attribution import AttributionSpec
from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.map_file import ATTRIBUTION_NAME
from featurelens.service.map_pictures import DARKEST
from tests.support.attributions import EXPLAINED, attribution_file
from tests.support.catalog import ENTRY
from tests.support.maps import finish
from tests.support.photographs import encoded
from tests.support.problems import check
from tests.support.results import sha256
from tests.support.visualizations import KEY as PICTURE
from tests.support.visualizations import put
from tests.support.wait import until

URL = "/v1/attributions"
PIXELS = np.zeros((64, 96), np.float32)
PIXELS[10, 20], PIXELS[11, 21], PIXELS[12, 22] = 0.5, -0.5, 70.0
CONTENT = attribution_file(np.zeros((64, 96, 3), np.uint8), PIXELS)


@pytest.fixture
def body(client: httpx.Client) -> dict[str, Any]:
    png = encoded(Image.effect_noise((40, 30), 60).convert("RGB"))
    answer = client.post("/v1/photos", content=png, headers={"Content-Type": "image/png"})
    return {"model": "tinynet", "photo": answer.json()["photo"], "layer": "conv2", "channel": 3}


@pytest.mark.usefixtures("store")
def test_asked_for(client: httpx.Client, body: dict[str, Any]) -> None:
    answer = client.post(URL, json=body)
    said = answer.json()
    assert (answer.status_code, said["status"], said["progress"]["steps"]) == (202, "queued", 64)
    assert (said["links"]["image"], said["links"]["file"]) == (None, None)
    assert answer.headers["location"] == said["links"]["self"] == f"{URL}/{said['key']}"
    spec = AttributionSpec.model_validate({**body, "model": ENTRY.name, "size": list(ENTRY.input_size)})
    assert said["spec"] == spec.model_dump(mode="json")
    assert said["key"] == ATTRIBUTION.key(spec, ENTRY.digest, ENTRY.renderer)
    for link in ("photo", "unit"):
        assert client.get(said["links"][link]).status_code == 200
    for what in ("file", "image"):
        check(client.get(f"{URL}/{said['key']}/{what}"), 404, "not-found")
    assert client.post(URL, json=body).json()["deduplicated"] is True


def test_answered(client: httpx.Client, redis: Redis, store: FileStore, body: dict[str, Any]) -> None:
    said = client.post(URL, json=body).json()
    with client.stream("GET", said["links"]["events"]) as events:
        lines = events.iter_lines()
        until(lambda: next(lines) == "event: queued")
        finish(redis, store, said["key"], EXPLAINED, CONTENT, ATTRIBUTION_NAME)
        until(lambda: next(lines) == "event: succeeded")
        assert list(lines)[-1] == ""
    said = client.get(said["links"]["self"]).json()
    told = {name: said[name] for name in EXPLAINED if name != "device"}
    assert {**told, **said["numbers"]} == EXPLAINED
    hit = client.post(URL, json=body)
    assert (hit.status_code, hit.headers["cache-status"]) == (200, "featurelens; hit")
    file = client.get(said["links"]["file"])
    assert (file.status_code, file.content) == (200, CONTENT)
    assert file.headers["content-disposition"] == 'attachment; filename="attribution.safetensors"'
    assert file.headers["etag"] == f'"{sha256(CONTENT)}"'


def test_seen(client: httpx.Client, redis: Redis, store: FileStore, body: dict[str, Any]) -> None:
    """Orange raised the unit, blue lowered it; what is beyond the scale is as dark as its end."""
    said = client.post(URL, json=body).json()
    finish(redis, store, said["key"], EXPLAINED, CONTENT, ATTRIBUTION_NAME)
    url = client.get(said["links"]["self"]).json()["links"]["image"]
    answer = client.get(url)
    image = Image.open(io.BytesIO(answer.content))
    assert (image.size, answer.headers["content-type"]) == ((96, 64), "image/png")
    assert [image.getpixel(place) for place in ((0, 0), (20, 10), (21, 11), (22, 12))] == [WHITE, ORANGE, BLUE, ORANGE]
    over = Image.open(io.BytesIO(client.get(url, params={"over": "photo"}).content))
    assert over.getpixel((0, 0)) == (DARKEST,) * 3
    strong = over.getpixel((20, 10))
    assert isinstance(strong, tuple)
    assert strong[0] > 2 * strong[1]
    small = client.get(url, params={"over": "photo", "width": 192, "format": "webp"})
    assert Image.open(io.BytesIO(small.content)).size == (192, 128)
    assert small.headers["content-type"] == "image/webp"
    again = client.get(url, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    for query in ({"over": "me"}, {"width": 100}, {"format": "npy"}):
        check(client.get(url, params=query), 422, "invalid-spec")


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
    finish(redis, store, said["key"], EXPLAINED, CONTENT, ATTRIBUTION_NAME)
    assert client.delete(f"{url}/result").status_code == 204
    for address in (url, f"{url}/file", f"{url}/image"):
        check(client.get(address), 404, "not-found")


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"photo": "sha256:" + "0" * 64}, "unknown-photo", "/photo"),
        ({"photo": PICTURE}, "unknown-photo", "/photo"),
        ({"layer": "nowhere"}, "unknown-layer", "/layer"),
        ({"model": "nonesuch"}, "unknown-model", "/model"),
        ({"channel": 16}, "out-of-range", "/channel"),
        ({"method": {"type": "deconvolution"}}, "invalid-spec", "/method"),
        ({"method": {"steps": 3}}, "invalid-spec", "/method"),
        ({"method": {"type": "grad_cam", "layer": "logits"}}, "out-of-range", "/method/layer"),
    ],
)
def test_refused(client: httpx.Client, body: dict[str, Any], change: dict[str, Any], code: str, pointer: str) -> None:
    problem = check(client.post(URL, json={**body, **change}), 422, code)
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]


def test_a_picture_of_our_own_is_a_photograph(client: httpx.Client, store: FileStore, body: dict[str, Any]) -> None:
    put(store, [encoded(Image.effect_noise((96, 64), 60).convert("RGB"))])
    said = client.post(URL, json={**body, "photo": PICTURE}).json()
    assert said["spec"]["photo"].startswith("sha256:")
    assert client.get(said["links"]["photo"]).status_code == 200


def test_a_result_of_another_version(
    client: httpx.Client, redis: Redis, store: FileStore, body: dict[str, Any]
) -> None:
    said = client.post(URL, json=body).json()
    finish(redis, store, said["key"], {"explained": "much"}, CONTENT, ATTRIBUTION_NAME)
    check(client.get(said["links"]["self"]), 503, "other-version")
