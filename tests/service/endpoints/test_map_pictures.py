"""Maps looked at over HTTP: exact colors and numbers, made while the request waits, in the name of who may ask."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import LayerEntry
from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.kinds import MAPS
from featurelens.jobs.palette import BLUE, ORANGE, WHITE
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.records import Records
from featurelens.jobs.settings import Settings
from featurelens.jobs.spec.attribution import AttributionSpec
from featurelens.jobs.spec.maps import MapsSpec
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.file_store import FileStore
from featurelens.service import map_looks, map_requests
from featurelens.service.auth.api_keys import ApiKeys
from featurelens.service.map_pictures import CELL, FIELD
from tests.support.catalog import ENTRY, LAYERS
from tests.support.maps import Array, finish, map_file, numbers
from tests.support.photographs import encoded
from tests.support.problems import check
from tests.support.server import Server
from tests.support.wait import until

CONV = LayerEntry(
    name="conv2",
    type="ReLU",
    kind="spatial",
    channels=5,
    height=4,
    width=6,
    rectified=True,
    receptive_field=(32, 24),
    stride=(16, 16),
    start=(-8, -4),
)
BLOCK = LayerEntry(name="block", type="EncoderBlock", kind="tokens", channels=3, height=7)
BEFORE: Array = np.random.default_rng(1).normal(size=(5, 4, 6)).astype(np.float32)
BEFORE[3] = 0
BEFORE[2, 1, 4], BEFORE[0, 3, 0] = 8.0, -8.0
MAPS_OF = {"conv2": (BEFORE.clip(0), BEFORE), "logits": (np.arange(10, dtype=np.float32).reshape(10, 1, 1) - 4, None)}
TOKENS: Array = np.random.default_rng(2).normal(size=(3, 2, 3)).astype(np.float32)
ATTENTION: Array = np.random.default_rng(3).random(size=(2, 7, 7)).astype(np.float32)
PHOTOGRAPH: Array = np.random.default_rng(4).integers(0, 256, (64, 96, 3)).astype(np.uint8)


@pytest.fixture
def key(client: httpx.Client, catalog: Catalog, redis: Redis, store: FileStore) -> str:
    """Of activations that nobody has made; the maps of three layers are there."""
    catalog.publish_layers(ENTRY.name, [LAYERS[0], CONV, LAYERS[2], BLOCK])
    asked = ask(client)
    for layer, (activation, before) in MAPS_OF.items():
        told = numbers(activation, before)
        finish(redis, store, made(client, asked, layer), told, map_file(PHOTOGRAPH, activation, before))
    tokens = {"height": 2, "width": 3, "first": 1}
    attention = {"module": "block.attention", "heads": 2, "queries": 7, "keys": 7}
    content = map_file(PHOTOGRAPH, TOKENS, first=np.ones((3, 1)), attention=ATTENTION)
    told = numbers(TOKENS, tokens=tokens, attention=attention)
    finish(redis, store, made(client, asked, "block"), told, content)
    return str(asked["key"])


def ask(client: httpx.Client, **headers: str) -> dict[str, Any]:
    sent = {"Content-Type": "image/png", **headers}
    photo = client.post("/v1/photos", content=encoded(Image.fromarray(PHOTOGRAPH)), headers=sent).json()["photo"]
    body = {"model": "tinynet", "photo": photo, "layers": ["conv2", "logits"]}
    said: dict[str, Any] = client.post("/v1/activations", json=body, headers=headers).json()
    return said


def made(client: httpx.Client, asked: dict[str, Any], layer: str) -> str:
    """The key of the maps, now asked for."""
    body = {"model": "tinynet", "photo": asked["spec"]["photo"], "layer": layer}
    return str(client.post("/v1/maps", json=body).json()["key"])


def key_of(asked: dict[str, Any], layer: str) -> str:
    spec = MapsSpec(model=ENTRY.name, photo=asked["spec"]["photo"], layer=layer, size=ENTRY.input_size)
    return MAPS.key(spec, ENTRY.digest, ENTRY.renderer)


def pixels(answer: httpx.Response) -> Array:
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))


def url(key: str, rest: str) -> str:
    return f"/v1/activations/{key}/maps/{rest}"


def colored(levels: Array) -> Array:
    """By hand: straight mixtures of white and the end, in 127 steps on either side."""
    steps = np.floor(levels * 127 + 127.5) - 127
    ends = np.where(steps[..., None] > 0, ORANGE, BLUE)
    return np.asarray(np.round(255 + (ends - 255.0) * np.abs(steps[..., None]) / 127), np.uint8)


@pytest.mark.parametrize("scale", ["map", "layer"])
@pytest.mark.parametrize("value", ["activation", "preactivation"])
@pytest.mark.parametrize("channel", [0, 2, 3])
def test_exact_colors(client: httpx.Client, key: str, channel: int, value: str, scale: str) -> None:
    """Of every position, in blocks of as many pixels as fit into the photograph."""
    asked = {"value": value, "scale": scale}
    answer = client.get(url(key, f"conv2/{channel}"), params=asked)
    maps = BEFORE if value == "preactivation" else BEFORE.clip(0)
    largest = float(np.abs(maps[channel] if scale == "map" else maps).max())
    shown = pixels(answer)
    assert shown.shape == (64, 96, 3)
    wanted = colored(maps[channel] / (largest or 1)).repeat(16, 0).repeat(16, 1)
    assert np.abs(shown.astype(int) - wanted).max() <= 1, "float32 may round a level otherwise than float64"
    assert (shown[(maps[channel] == 0).repeat(16, 0).repeat(16, 1)] == WHITE).all()
    assert float(answer.headers["featurelens-scale"]) == largest
    assert answer.headers["featurelens-value"] == value
    assert answer.headers["content-type"] == "image/png"


def test_numbers(client: httpx.Client, key: str) -> None:
    answer = client.get(url(key, "conv2/2?format=npy&value=preactivation"))
    np.testing.assert_array_equal(np.load(io.BytesIO(answer.content)), BEFORE[2])
    said = client.get(url(key, "conv2/2?format=json")).json()
    np.testing.assert_array_equal(np.float32(said["rows"]), BEFORE[2].clip(0))
    assert (said["layer"], said["channel"], said["value"], said["maximum"]) == ("conv2", 2, "activation", 8.0)
    assert client.get(url(key, "logits/9?format=json")).json()["rows"] == [[5.0]]


def test_kept_for_ever(client: httpx.Client, key: str) -> None:
    for query in ("", "?format=webp", "?format=npy", "?format=json"):
        first = client.get(url(key, f"conv2/1{query}"))
        assert "immutable" in first.headers["cache-control"]
        again = client.get(url(key, f"conv2/1{query}"), headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_a_picture_is_drawn_once(client: httpx.Client, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = [f"conv2/1?{look}" for look in ("width=64", "width=128", "over=photo", "x=1&y=1", "format=webp")]
    looks += ["conv2/sheet", "conv2/sheet?over=photo", "block/attention/0", "block/attention/1?x=0&y=0"]
    first = [client.get(url(key, look)) for look in looks]
    assert len({answer.content for answer in first}) == len(looks)
    monkeypatch.setattr(map_looks, "encoded", None)
    for look, answer in zip(looks, first, strict=True):
        again = client.get(url(key, look))
        assert (again.content, again.headers["featurelens-scale"]) == (
            answer.content,
            answer.headers["featurelens-scale"],
        )


def test_over_the_photograph(client: httpx.Client, key: str) -> None:
    answer = client.get(url(key, "conv2/2?over=photo&x=4&y=1&value=preactivation"))
    shown = pixels(answer)
    assert shown.shape == (64, 96, 3)
    assert answer.headers["featurelens-receptive-field"] == "60,8,84,40"
    rows, columns = np.nonzero((shown == FIELD).all(2))
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (60, 83, 8, 39)
    rows, columns = np.nonzero((shown == CELL).all(2))
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (64, 79, 16, 31)
    assert abs(int(shown[24, 72, 0]) - ORANGE[0]) < 30, "the strongest position is orange"
    grey = pixels(client.get(url(key, "conv2/3?over=photo")))
    assert (grey[..., 0] == grey[..., 1]).all(), "a map of zeros hides nothing"
    undefined = client.get(url(key, "logits/0?over=photo&x=0&y=0"))
    assert undefined.headers["featurelens-receptive-field"] == "undefined"
    assert (pixels(undefined)[0] == CELL).all(), "the one position is the whole picture"


def test_the_sheet(client: httpx.Client, key: str) -> None:
    for by, best in (
        ("maximum", BEFORE.clip(0).max((1, 2)).argsort(kind="stable")[::-1]),
        ("mean", BEFORE.clip(0).mean((1, 2)).argsort(kind="stable")[::-1]),
    ):
        answer = client.get(url(key, f"conv2/sheet?by={by}&count=3"))
        assert answer.headers["featurelens-channels"] == ",".join(map(str, best[:3]))
        assert pixels(answer).shape == (2 * 64 + 4, 2 * 96 + 4, 3)
        said = client.get(url(key, f"conv2/sheet?by={by}&count=3&format=json")).json()
        assert (said["channels"], said["by"]) == (best[:3].tolist(), by)
    lowest = client.get(url(key, "conv2/sheet?by=minimum&value=preactivation&format=json")).json()
    assert (lowest["channels"][0], lowest["values"][0], len(lowest["channels"])) == (0, -8.0, 5)
    over = client.get(url(key, "conv2/sheet?over=photo&scale=map"))
    assert (over.headers["featurelens-scale"], over.status_code) == ("map", 200)


def test_attention(client: httpx.Client, key: str) -> None:
    said = client.get(url(key, "block/attention/1?format=json")).json()
    np.testing.assert_array_equal(np.float32(said["rows"]).flatten(), ATTENTION[1, 0, 1:])
    np.testing.assert_array_equal(np.float32(said["first"]), ATTENTION[1, 0, :1])
    here = client.get(url(key, "block/attention/0?x=2&y=1&format=npy"))
    np.testing.assert_array_equal(np.load(io.BytesIO(here.content)), ATTENTION[0, 6, 1:].reshape(2, 3))
    assert pixels(client.get(url(key, "block/attention/0?over=photo&x=0&y=0"))).shape == (64, 96, 3)
    check(client.get(url(key, "block/attention/2")), 404, "not-found")
    assert "MultiheadAttention" in check(client.get(url(key, "conv2/attention/0")), 404, "not-found")["detail"]


def test_attention_to_something_else(client: httpx.Client, key: str, redis: Redis, store: FileStore) -> None:
    """As that of a few queries to all tokens, which lies on no picture."""
    asked = client.get(f"/v1/activations/{key}").json()
    tokens = {"height": 2, "width": 3, "first": 1}
    attention = {"module": "block.attention", "heads": 2, "queries": 4, "keys": 7}
    content = map_file(PHOTOGRAPH, TOKENS, attention=ATTENTION[:, :4])
    finish(redis, store, made(client, asked, "conv1"), numbers(TOKENS, tokens=tokens, attention=attention), content)
    check(client.get(url(key, "conv1/attention/0?x=0&y=0")), 404, "not-found")


@pytest.mark.parametrize(
    ("rest", "status", "code", "said"),
    [
        ("conv2/5", 404, "not-found", "the units 0 to 4"),
        ("nowhere/0", 404, "not-found", "nearest"),
        ("logits/0?value=preactivation", 422, "out-of-range", "does not end in ReLU"),
        ("conv2/0?x=1", 422, "out-of-range", "name both"),
        ("conv2/0?x=6&y=0", 422, "out-of-range", "between 0 and 5"),
        ("conv2/0?x=0&y=4", 422, "out-of-range", "between 0 and 3"),
        ("logits/0?x=0&y=1", 422, "out-of-range", "y must be 0"),
        ("conv2/0?format=gif", 422, "invalid-spec", "png"),
        ("conv2/sheet?count=0", 422, "invalid-spec", "greater than or equal to 1"),
    ],
)
def test_refused(client: httpx.Client, key: str, rest: str, status: int, code: str, said: str) -> None:
    assert said in check(client.get(url(key, rest)), status, code)["detail"]


def test_large_maps_are_no_json(client: httpx.Client, key: str, redis: Redis, store: FileStore) -> None:
    wide = np.ones((8, 65, 64), np.float32)
    asked = client.get(f"/v1/activations/{key}").json()
    finish(redis, store, made(client, asked, "conv1"), numbers(wide), map_file(PHOTOGRAPH, wide))
    assert "npy" in check(client.get(url(key, "conv1/0?format=json")), 422, "out-of-range")["detail"]


def test_positions(client: httpx.Client, key: str) -> None:
    said = client.get(f"/v1/activations/{key}/positions?x=70&y=20&units=2").json()
    assert (said["width"], said["height"], [one["layer"] for one in said["layers"]]) == (96, 64, ["conv2", "logits"])
    conv, logits = said["layers"]
    assert (conv["x"], conv["y"], conv["cell"], conv["receptive_field"]) == (4, 1, [64, 16, 80, 32], [60, 8, 84, 40])
    asked = AttributionSpec.model_validate(conv["attribution"])
    assert (asked.of, asked.x, asked.y, asked.channel) == ("position", 4, 1, conv["units"][0]["channel"])
    assert client.post("/v1/attributions", json=conv["attribution"]).status_code == 202
    vector = BEFORE[:, 1, 4].clip(0)
    best = vector.argsort(kind="stable")[::-1][:2].tolist()
    assert [unit["channel"] for unit in conv["units"]] == best
    assert [unit["value"] for unit in conv["units"]] == vector[best].tolist()
    assert (logits["x"], logits["y"], logits["receptive_field"], logits["cell"]) == (0, 0, None, [0, 0, 96, 64])
    assert (conv["token"], logits["units"][0]) == (None, {"channel": 9, "value": 5.0})


def test_what_is_seen_at_a_position_is_asked_for_in_one_step(client: httpx.Client, key: str) -> None:
    said = client.get(f"/v1/activations/{key}/positions?x=70&y=20&layer=conv2&layer=block").json()
    conv, block = said["layers"]
    answer = client.post("/v1/visualizations", json=conv["request"])
    assert answer.status_code == 202
    spec = VisualizationSpec.model_validate(answer.json()["spec"])
    assert (spec.model, spec.layer, spec.objective.type) == (ENTRY.name, "conv2", "direction")
    np.testing.assert_array_equal(np.float32(conv["request"]["objective"]["vector"]), BEFORE[:, 1, 4].clip(0))
    assert (block["x"], block["y"], block["token"]) == (2, 0, 3)
    np.testing.assert_array_equal(np.float32(block["request"]["objective"]["vector"]), TOKENS[:, 0, 2])


def test_positions_are_on_the_photograph(client: httpx.Client, key: str) -> None:
    for query, code in (
        ("x=96&y=0", "out-of-range"),
        ("x=0&y=64", "out-of-range"),
        ("x=-1&y=0", "invalid-spec"),
        ("x=0", "invalid-spec"),
    ):
        check(client.get(f"/v1/activations/{key}/positions?{query}"), 422, code)


@contextmanager
def worker(redis: Redis, store: FileStore, key: str) -> Iterator[None]:
    """Finishes the maps of conv2 as soon as somebody has asked for them."""

    def work() -> None:
        until(lambda: JobQueue(redis).find(key) is not None)
        finish(redis, store, key, numbers(*MAPS_OF["conv2"]), map_file(PHOTOGRAPH, *MAPS_OF["conv2"]))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def test_made_while_the_request_waits(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    asked = ask(client)
    with worker(redis, store, key_of(asked, "conv2")):
        answer = client.get(url(asked["key"], "conv2/2?format=npy"))
    np.testing.assert_array_equal(np.load(io.BytesIO(answer.content)), BEFORE[2].clip(0))
    shown = client.get(asked["links"]["maps"].replace("{layer}", "conv2")).json()
    assert (shown["status"], shown["key"]) == ("succeeded", key_of(asked, "conv2"))


def test_a_page_of_maps_asks_once(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    asked = ask(client)
    maps = key_of(asked, "conv2")
    with ThreadPoolExecutor(10) as pool:
        looks = [pool.submit(httpx.get, f"{client.base_url}{url(asked['key'], f'conv2/{n % 5}')}") for n in range(10)]
        until(lambda: JobQueue(redis).find(maps) is not None)
        time.sleep(0.5)
        ticket = JobQueue(redis).find(maps)
        assert ticket is not None
        finish(redis, store, maps, numbers(*MAPS_OF["conv2"]), map_file(PHOTOGRAPH, *MAPS_OF["conv2"]))
        assert {look.result().status_code for look in looks} == {200}
    assert ticket.record.askers == 1


def test_what_takes_longer(
    client: httpx.Client, redis: Redis, store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """409 and where to look; it is asked for once."""
    monkeypatch.setattr(map_requests, "PATIENCE", 1)
    asked = ask(client)
    maps = key_of(asked, "conv2")
    for _ in range(2):
        problem = check(client.get(url(asked["key"], "conv2/2")), 409, "not-ready")
        assert f"/v1/maps/{maps}" in problem["detail"]
    ticket = JobQueue(redis).find(maps)
    assert ticket is not None
    assert (ticket.record.askers, store.get(maps)) == (1, None)
    shown = client.get(url(asked["key"], "conv2"))
    assert (shown.json()["status"], shown.headers["retry-after"]) == ("queued", "1")


@pytest.mark.parametrize("rest", ["conv2", "conv2/2", "conv2/sheet", "conv2/attention/0"])
def test_a_look_that_asks_for_nothing(client: httpx.Client, redis: Redis, rest: str) -> None:
    """404 at once until somebody else has asked; then it is as far as it is."""
    asked = ask(client)
    look = f"{url(asked['key'], rest)}?ask=false"
    problem = check(client.get(look), 404, "not-found")
    assert "nobody has asked for the maps of conv2" in problem["detail"]
    assert JobQueue(redis).find(key_of(asked, "conv2")) is None
    check(client.get(f"/v1/activations/{asked['key']}/positions?x=0&y=0&ask=false"), 404, "not-found")
    made(client, asked, "conv2")
    begun = time.monotonic()
    answer = client.get(look)
    assert time.monotonic() - begun < 2, "it has not been waited for"
    if rest == "conv2":
        assert (answer.status_code, answer.json()["status"]) == (200, "queued")
    else:
        check(answer, 409, "not-ready")


def test_what_failed_is_not_tried_again_by_looking(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    asked = ask(client)
    maps = made(client, asked, "conv2")
    ticket = JobQueue(redis).find(maps)
    assert ticket is not None
    assert Records(redis).start(maps, ticket.record.attempt, "x")
    Records(redis).fail(maps, ticket.record.attempt, RenderFailed("no numbers"), "x")
    problem = check(client.get(url(asked["key"], "conv2/2")), 409, "not-ready")
    assert "no numbers" in problem["detail"]
    assert "POST /v1/maps" in problem["detail"]
    assert client.get(url(asked["key"], "conv2")).json()["error"]["detail"] == "no numbers"
    assert store.get(maps) is None


def test_a_network_that_has_changed(client: httpx.Client, catalog: Catalog, key: str) -> None:
    catalog.publish([ENTRY.model_copy(update={"digest": "sha256:" + "1" * 64})])
    assert "has changed" in check(client.get(url(key, "conv2/0")), 404, "not-found")["detail"]
    catalog.publish([])
    check(client.get(url(key, "conv2/0")), 404, "not-found")


def test_unknown_activations(client: httpx.Client) -> None:
    for rest in ("maps/conv2", "maps/conv2/0", "maps/conv2/sheet", "maps/conv2/attention/0", "positions?x=0&y=0"):
        check(client.get(f"/v1/activations/fa1_{'0' * 64}/{rest}"), 404, "not-found")
        check(client.get(f"/v1/activations/fv1_{'0' * 64}/{rest}"), 404, "not-found")


def test_who_may_only_look_asks_for_nothing(broker: str, tmp_path: Path, client: httpx.Client, redis: Redis) -> None:
    """What others have asked for is seen with a key that may read, and with a token; a first look counts."""
    assert client.get("/livez").status_code == 200
    settings = Settings(redis_url=broker, state=tmp_path, auth="on", quota=3)
    with Server(settings) as guarded:
        keys = ApiKeys(settings.keys_file)
        render, read = ({"Authorization": f"Bearer {keys.create(scope)}"} for scope in ("render", "read"))
        asked = ask(guarded.client, **render)
        maps, store = key_of(asked, "conv2"), FileStore(settings.results_folder)
        look = url(asked["key"], "conv2/2?format=npy")
        assert "needs render" in check(guarded.client.get(look, headers=read), 403, "not-allowed")["detail"]
        assert JobQueue(redis).find(maps) is None
        with worker(redis, store, maps):
            assert guarded.client.get(look, headers=render).status_code == 200
        seen = guarded.client.get(look, headers=read)
        assert (seen.status_code, "private" in seen.headers["cache-control"]) == (200, True)
        token = guarded.client.get(f"/v1/activations/{asked['key']}/token", headers=read).json()["token"]
        assert guarded.client.get(look, params={"token": token, "format": "npy"}).status_code == 200
        left = guarded.client.post("/v1/activations", json=asked["spec"], headers=render).headers["ratelimit"]
        assert "r=0" in left
