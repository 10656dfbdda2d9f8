"""A unit's spectrum: each part as far as it is, asked for at once, shown on one sheet."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.kinds import SCAN, VISUALIZATION
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.settings import Settings
from featurelens.jobs.spec.base import Sign
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.store.file_store import FileStore
from featurelens.service.auth.api_keys import ApiKeys
from featurelens.service.spectrum_sheet import BETWEEN, BLOCK
from tests.support import datasets
from tests.support.catalog import ENTRY
from tests.support.photographs import BLUE, GREEN, RED, WHITE, encoded
from tests.support.problems import check
from tests.support.results import result
from tests.support.scans import LAYER, finish
from tests.support.server import Server
from tests.support.visualizations import SPEC

URL = f"/v1/models/tinynet/layers/{LAYER}/units/3/spectrum"
DATASET = {"dataset": datasets.ENTRY.name}
SIGNS: dict[Sign, tuple[int, int, int]] = {"negative": BLUE, "positive": GREEN}
NAMES = ("minimum", "slightly_negative", "slightly_positive", "maximum")


@pytest.fixture(autouse=True)
def published(catalog: Catalog) -> None:
    catalog.datasets.publish([datasets.ENTRY])


def key_of(sign: Sign) -> str:
    return VISUALIZATION.key(SPEC.model_copy(update={"sign": sign}), ENTRY.digest, ENTRY.renderer)


def put(store: FileStore, sign: Sign, value: float) -> None:
    """A finished picture of one color."""
    png = encoded(Image.new("RGB", (96, 64), SIGNS[sign]))
    spec = SPEC.model_copy(update={"sign": sign})
    store.put(result([png], key_of(sign), spec, {"activation": max(0.0, value), "preactivation": value}), [png])


def scanned(client: httpx.Client, redis: Redis, store: FileStore) -> str:
    key = str(client.post("/v1/scans", json={"model": "tinynet", "layers": ["conv1", LAYER], **DATASET}).json()["key"])
    finish(redis, store, key)
    return key


def parts(client: httpx.Client) -> list[tuple[str, str | None]]:
    return [(one["part"], one["status"]) for one in client.get(URL, params=DATASET).json()["missing"]]


def test_nothing_yet(client: httpx.Client, redis: Redis) -> None:
    """What is missing is told with how to ask for it, and nothing is asked for."""
    said = client.get(URL, params=DATASET).json()
    assert [(one["part"], one["status"]) for one in said["missing"]] == [
        ("negative", None),
        ("examples", None),
        ("positive", None),
    ]
    assert len(JobQueue(redis)) == 0
    assert [said[name] for name in NAMES] == [None] * 4
    negative, examples, positive = (client.post(one["to"], json=one["request"]).json() for one in said["missing"])
    assert (negative["key"], positive["key"]) == (said["negative"]["key"], said["positive"]["key"])
    assert (negative["spec"]["sign"], negative["key"]) == ("negative", key_of("negative"))
    assert examples["key"] == said["scan"]["key"]
    assert parts(client) == [("negative", "queued"), ("examples", "queued"), ("positive", "queued")]
    check(client.get(f"{URL}/sheet", params=DATASET), 404, "not-found")


def test_all_of_it(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    scan = scanned(client, redis, store)
    put(store, "negative", -2.0)
    put(store, "positive", 1.5)
    said = client.get(URL).json()
    assert (said["dataset"], said["missing"], said["scan"]["key"]) == (datasets.ENTRY.name, [], scan)
    examples = client.get(said["links"]["examples"]).json()
    assert [said[name] for name in NAMES] == [examples[name] for name in ("weakest", "below", "above", "strongest")]
    assert client.get(said["positive"]["image"]).headers["content-type"] == "image/png"
    assert said["positive"]["evidence"][0]["ratio"] == {"least": 2.0, "most": 2.0}
    assert client.get(said["maximum"][0]["crop"]).status_code == 200
    asked = client.post(URL)
    assert (asked.status_code, asked.json()["sweep"], asked.json()["scan"]) == (200, None, None)
    unit = client.get(said["links"]["unit"]).json()
    assert client.get(unit["links"]["spectrum"]).json() == said


def test_the_sheet(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    """Crops of one size in four columns, the pictures large at both ends; white where there is none."""
    scanned(client, redis, store)
    put(store, "positive", 1.5)
    url = client.get(URL).json()["links"]["sheet"]
    sheet = Image.open(io.BytesIO(client.get(url).content))
    step = BLOCK + BETWEEN + 4
    assert sheet.size == (6 * step - 4 - BETWEEN, BLOCK)
    middles = [sheet.getpixel((column * step + BLOCK // 2, BLOCK // 2)) for column in range(6)]
    assert middles == [WHITE] * 5 + [GREEN], "no negative picture, and one crop in each column, at the top left"
    for column in range(1, 5):
        left = column * step
        assert [sheet.getpixel((left + x, 20)) for x in (8, 56)] == [RED, GREEN], "96 x 64 pixels in a square"
        assert sheet.getpixel((left + 32, 2)) == sheet.getpixel((left + 68 + 8, 20)) == WHITE
    before = client.get(url, params={"format": "webp", **DATASET})
    assert before.headers["content-type"] == "image/webp"
    tag = {"if-none-match": before.headers["etag"]}
    assert client.get(url, params={"format": "webp", **DATASET}, headers=tag).status_code == 304
    put(store, "negative", -2.0)
    later = Image.open(io.BytesIO(client.get(url).content))
    assert later.getpixel((BLOCK // 2, BLOCK // 2)) == BLUE


def test_what_is_missing_is_asked_for_at_once(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    """One sweep for the pictures, in which the one that is there is not made again, and one scan."""
    put(store, "positive", 1.5)
    token = {"Idempotency-Key": "once"}
    answer = client.post(URL, params=DATASET, headers=token)
    said = answer.json()
    assert (answer.status_code, said["scan"]["status"]) == (202, "queued")
    counts = said["sweep"]["counts"]
    assert (counts["queued"], counts["succeeded"], said["sweep"]["total"]) == (1, 1, 2)
    again = client.post(URL, params=DATASET, headers=token).json()
    assert (again["sweep"]["id"], again["scan"]["askers"]) == (said["sweep"]["id"], 1)
    spectrum = client.get(answer.headers["location"]).json()
    assert [(one["part"], one["status"]) for one in spectrum["missing"]] == [
        ("negative", "queued"),
        ("examples", "queued"),
    ]
    finish(redis, store, said["scan"]["key"])
    answer = client.post(URL, params=DATASET).json()
    assert (answer["scan"], answer["sweep"]["counts"]["queued"]) == (None, 1)


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        (f"/v1/models/tinynet/layers/{LAYER}/units/16/spectrum", DATASET, 404, "not-found"),
        ("/v1/models/tinynet/layers/nowhere/units/1/spectrum/sheet", DATASET, 404, "not-found"),
        (URL, {"dataset": "nonesuch"}, 422, "unknown-dataset"),
        (URL, {"dataset": "../etc"}, 422, "invalid-spec"),
        (URL.replace("spectrum", "examples"), {"dataset": "\x0e"}, 422, "invalid-spec"),
        (f"{URL}/sheet", {"format": "jpeg"}, 422, "invalid-spec"),
    ],
)
def test_what_is_not_there(client: httpx.Client, path: str, query: dict[str, str], status: int, code: str) -> None:
    problem = check(client.get(path, params=query), status, code)
    wrong = [*query] if status == 422 else ["layer"] if "nowhere" in path else []
    assert [fault["pointer"] for fault in problem["errors"]] == wrong


def test_each_part_counts_in_a_quota(broker: str, tmp_path: Path, client: httpx.Client) -> None:
    """`client` has filled the broker. Whoever may only read asks for nothing."""
    settings = Settings(redis_url=broker, state=tmp_path, auth="on", quota=3)
    keys = ApiKeys(settings.keys_file)
    reader, asker = ({"Authorization": f"Bearer {keys.create(scope)}"} for scope in ("read", "render"))
    with Server(settings) as server:
        assert server.client.get(URL, params=DATASET, headers=reader).status_code == 200
        check(server.client.post(URL, params=DATASET, headers=reader), 403, "not-allowed")
        answer = server.client.post(URL, params=DATASET, headers=asker)
        assert (answer.status_code, answer.headers["ratelimit"].partition(";r=")[2][0]) == (202, "0")
        check(server.client.post(URL, params=DATASET, headers=asker), 429, "over-quota")


def test_the_scan_is_that_of_the_layer(client: httpx.Client) -> None:
    wanted: dict[str, Any] = client.get(URL, params=DATASET).json()["missing"][1]["request"]
    whole = ScanSpec(
        **{**wanted, "size": ENTRY.input_size, "identity": datasets.ENTRY.identity, "images": datasets.ENTRY.images}
    )
    assert whole.layers == [LAYER]
    assert SCAN.key(whole, ENTRY.digest, ENTRY.renderer) == client.get(URL, params=DATASET).json()["scan"]["key"]
