"""Scans over HTTP: asked for, listed, given up, deleted; what they say of a unit, and the images that they name."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.kinds import SCAN
from featurelens.jobs.settings import Settings
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.store.file_store import FileStore
from featurelens.service import resolving
from tests.support import datasets
from tests.support.catalog import ENTRY, LAYERS
from tests.support.photographs import BLUE, RED, WHITE
from tests.support.problems import check
from tests.support.scans import LAYER, TABLE, finish, told, webp
from tests.support.server import Server

URL = "/v1/scans"
BODY: dict[str, Any] = {"model": "tinynet", "dataset": datasets.ENTRY.name, "layers": ["conv1", LAYER]}
EXAMPLES = f"/v1/models/tinynet/layers/{LAYER}/units/3/examples"


@pytest.fixture(autouse=True)
def published(catalog: Catalog) -> None:
    """The data set, and where the receptive fields of the layer are."""
    catalog.datasets.publish([datasets.ENTRY])
    seeing = {"receptive_field": (7, 9), "stride": (4, 4), "start": (-2, -2)}
    layers = [layer.model_copy(update=seeing) if layer.name == LAYER else layer for layer in LAYERS]
    catalog.publish_layers(ENTRY.name, layers)


@pytest.fixture
def scan(client: httpx.Client, redis: Redis, store: FileStore, published: None) -> str:
    """Where a finished one is."""
    url = client.post(URL, json=BODY).headers["location"]
    finish(redis, store, url.rpartition("/")[2])
    return str(url)


@pytest.mark.usefixtures("store")
def test_asked_for(client: httpx.Client) -> None:
    answer = client.post(URL, json=BODY)
    said = answer.json()
    assert (answer.status_code, said["status"], said["progress"]["steps"]) == (202, "queued", 40)
    spec = ScanSpec.model_validate(
        {
            **BODY,
            "model": ENTRY.name,
            "size": list(ENTRY.input_size),
            "identity": datasets.ENTRY.identity,
            "images": 40,
        }
    )
    assert said["spec"] == spec.model_dump(mode="json")
    assert said["key"] == SCAN.key(spec, ENTRY.digest, ENTRY.renderer)
    assert said["links"]["table"] is None
    assert client.get(said["links"]["dataset"]).json()["images"] == 40
    assert client.post(URL, json=spec.model_dump(mode="json")).json()["key"] == said["key"]


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"dataset": "tinyimage"}, "unknown-dataset", "/dataset"),
        ({"identity": "sha256:" + "0" * 64}, "invalid-spec", "/identity"),
        ({"images": 39}, "out-of-range", "/images"),
        ({"layers": ["conv9"]}, "unknown-layer", "/layers/0"),
        ({"dataset": "../etc"}, "invalid-spec", "/dataset"),
        ({"keep": 33}, "invalid-spec", "/keep"),
    ],
)
def test_refused(client: httpx.Client, change: dict[str, Any], code: str, pointer: str) -> None:
    answer = client.post(URL, json=BODY | change)
    check(answer, 422, code)
    assert [fault["pointer"].removeprefix("#") for fault in answer.json()["errors"]] == [pointer]


def test_another_data_set_is_another_scan(client: httpx.Client, catalog: Catalog, scan: str) -> None:
    """The same question is answered once, until an image changes."""
    hit = client.post(URL, json=BODY)
    assert (hit.status_code, hit.headers["cache-status"]) == (200, "featurelens; hit")
    assert hit.headers["location"] == scan
    changed = datasets.ENTRY.model_copy(update={"identity": "sha256:" + "6" * 64})
    catalog.datasets.publish([changed])
    assert client.post(URL, json=BODY).status_code == 202
    assert client.get(EXAMPLES).json()["current"] is False


def test_finished(client: httpx.Client, scan: str) -> None:
    said = client.get(scan).json()
    assert (said["status"], said["images"], said["broken"]["count"]) == ("succeeded", 39, 1)
    assert [layer["channels"] for layer in said["layers"]] == [8, 16]
    assert said["numbers"] == {"device": "cpu", "seconds": 0.25}
    table = client.get(said["links"]["table"])
    assert (table.content, table.headers["content-type"]) == (TABLE, "application/vnd.apache.parquet")
    again = client.get(said["links"]["table"], headers={"if-none-match": table.headers["etag"]})
    assert again.status_code == 304
    page = client.get(URL, params={"model": "tinynet", "status": "succeeded"}).json()
    assert [(one["key"], one["dataset"]) for one in page["scans"]] == [(said["key"], datasets.ENTRY.name)]


def test_given_up_and_deleted(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    url = client.post(URL, json=BODY).headers["location"]
    assert client.delete(url).json()["status"] == "cancelled"
    client.post(URL, json=BODY)
    check(client.delete(f"{url}/result"), 404, "not-found")
    check(client.get(f"{url}/table"), 404, "not-found")
    check(client.get(f"{url}/crops/3"), 404, "not-found")
    finish(redis, store, url.rpartition("/")[2])
    assert client.delete(f"{url}/result").status_code == 204
    check(client.get(url), 404, "not-found")


def test_examples_of_a_unit(client: httpx.Client, scan: str) -> None:
    said = client.get(EXAMPLES, params={"dataset": datasets.ENTRY.name}).json()
    assert (said["layer"], said["channel"], said["dataset"], said["current"]) == (LAYER, 3, datasets.ENTRY.name, True)
    assert (said["preactivation"], said["scan"]) == (True, scan.rpartition("/")[2])
    expected = told(LAYER, 3)
    assert said["maximum"] == expected["maximum"]
    kept, left_out = said["strongest"]
    assert kept.items() >= {"image": 3, "label": "cat", "value": 0.75, "x": 23, "y": 15}.items()
    assert left_out["crop"] is None
    assert client.get(kept["crop"]).status_code == 200
    assert said["strongest_mean"][0]["crop"] == f"{scan}/crops/3"
    other = client.get("/v1/models/tinynet/layers/conv1/units/7/examples").json()
    assert (other["layer"], other["channel"], other["preactivation"]) == ("conv1", 7, False)


def test_units_without_examples(client: httpx.Client, scan: str) -> None:
    for address, says in (
        ("/v1/models/tinynet/layers/logits/units/3/examples", '"layers": ["logits"]'),
        (f"{EXAMPLES}?dataset=patterns", '"dataset": "patterns"'),
        (f"/v1/models/tinynet/layers/{LAYER}/units/16/examples", "0 to 15"),
    ):
        answer = client.get(address)
        check(answer, 404, "not-found")
        assert says in answer.json()["detail"]


def test_a_crop_is_what_the_position_sees(client: httpx.Client, scan: str) -> None:
    """Receptive fields are 9 wide and 7 high, begin at -2 and go on every 4 pixels."""

    def seen(**where: Any) -> Image.Image:
        answer = client.get(f"{scan}/crops/3", params={"format": "png", **where})
        assert answer.headers["content-type"] == "image/png", answer.text
        return Image.open(io.BytesIO(answer.content)).convert("RGB")

    whole = client.get(f"{scan}/crops/3")
    assert (whole.content, whole.headers["content-type"]) == (webp(), "image/webp")
    assert "immutable" in whole.headers["cache-control"]
    corner = seen(layer=LAYER, x=0, y=0)
    assert (corner.size, corner.getpixel((0, 0))) == ((7, 5), RED)
    assert seen(layer=LAYER, x=23, y=15).size == (6, 6)
    middle = seen(layer=LAYER, x=11, y=7)
    assert (middle.size, middle.getpixel((0, 6)), middle.getpixel((8, 6))) == ((9, 7), BLUE, WHITE)
    assert seen(layer="conv1", x=0, y=0).size == (96, 64)


def test_a_whole_image_in_place_of_a_crop_is_not_kept(
    client: httpx.Client, catalog: Catalog, scan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the network is described there is nothing yet; where it is gone, all of the image, as long as it is."""
    monkeypatch.setattr(resolving, "CATALOG_PATIENCE", 0.0)
    address = f"{scan}/crops/3?layer={LAYER}&x=0&y=0&format=png"
    crop = client.get(address)
    assert "immutable" in crop.headers["cache-control"]
    layers = catalog.layers(ENTRY)
    catalog.forget([ENTRY.name])
    check(client.get(address), 503, "catalog-pending")
    assert "immutable" in client.get(f"{scan}/crops/3").headers["cache-control"]
    catalog.publish([])
    whole = client.get(address)
    assert Image.open(io.BytesIO(whole.content)).size == (96, 64)
    assert whole.headers["cache-control"] == "no-cache"
    catalog.publish([ENTRY])
    catalog.publish_layers(ENTRY.name, layers)
    again = client.get(address, headers={"if-none-match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (200, crop.content)
    assert "immutable" in again.headers["cache-control"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"layer": LAYER, "x": 24, "y": 0}, 422),
        ({"layer": LAYER, "x": 0}, 422),
        ({"layer": "conv9", "x": 0, "y": 0}, 422),
        ({"x": 1}, 422),
    ],
)
def test_no_such_crop(client: httpx.Client, scan: str, query: dict[str, Any], status: int) -> None:
    assert client.get(f"{scan}/crops/3", params=query).status_code == status
    for image in ("4", "1000000", "x", "99999999999"):
        check(client.get(f"{scan}/crops/{image}"), 404, "not-found")


@pytest.fixture
def discreet(broker: str, state: Path) -> Iterator[Server]:
    """A service that shows no images."""
    with Server(Settings(redis_url=broker, state=state, dataset_crops=False)) as server:
        yield server


def test_crops_can_be_turned_off(discreet: Server, client: httpx.Client, scan: str) -> None:
    assert client.get(EXAMPLES).json()["strongest"][0]["crop"] is not None
    assert discreet.client.get(EXAMPLES).json()["strongest"][0]["crop"] is None
    check(discreet.client.get(f"{scan}/crops/3"), 404, "not-found")


def test_units_side_by_side(client: httpx.Client, scan: str) -> None:
    """Those of a layer, and those that like an image."""
    said = client.get(f"{scan}/units", params={"layer": LAYER, "sort": "purity", "limit": 2, "offset": 3}).json()
    assert (said["layer"], said["total"], [unit["channel"] for unit in said["units"]]) == (LAYER, 16, [3, 4])
    unit = said["units"][0]
    assert (unit["label"], unit["purity"], unit["strongest"], unit["standing"]) == ("cat", 25 / 39, 0.75, None)
    assert client.get(unit["examples"]).json()["channel"] == 3
    near = client.get(f"{scan}/units", params={"layer": LAYER, "sort": "nearest", "limit": 2}).json()["units"]
    assert [(unit["channel"], unit["nearest"]) for unit in near] == [
        (3, {"channel": 4, "correlation": 0.96}),
        (0, None),
    ]
    liking = client.get(f"{scan}/units", params={"image": 4, "sort": "standing"}).json()
    assert (liking["layer"], liking["total"], liking["units"][0]["standing"]) == ("conv1", 8, 4.0)
    assert client.get(f"{scan}/units", params={"image": 5}).json()["units"] == []
    wide = client.get(f"{scan}/units", params={"layer": LAYER, "limit": 4096}).json()
    assert len(wide["units"]) == 16
    assert client.get(f"{scan}/units", params={"layer": "conv9"}).status_code == 422
    assert client.get(f"{scan}/units", params={"sort": "standing"}).status_code == 422
    check(client.get(f"{URL}/fs1_{'0' * 64}/units"), 404, "not-found")


def test_a_scan_of_former_weights_is_told_as_such(
    client: httpx.Client, redis: Redis, store: FileStore, catalog: Catalog, scan: str
) -> None:
    """Better than none for `examples`, but none to put beside pictures of the network as it is now."""
    assert client.get(EXAMPLES).json()["same_network"] is True
    spectrum = EXAMPLES.replace("examples", "spectrum")
    assert client.get(spectrum).json()["maximum"] is not None
    catalog.publish([ENTRY.model_copy(update={"digest": "sha256:" + "1" * 64})])
    catalog.publish_layers(ENTRY.name, LAYERS)
    former = client.get(EXAMPLES).json()
    assert (former["same_network"], former["current"]) == (False, True)
    beside = client.get(spectrum, params={"dataset": datasets.ENTRY.name}).json()
    assert (beside["maximum"], [one["part"] for one in beside["missing"]]) == (
        None,
        ["negative", "examples", "positive"],
    )
    later = client.post(URL, json=BODY).headers["location"]
    assert later != scan
    finish(redis, store, later.rpartition("/")[2])
    now = client.get(EXAMPLES).json()
    assert (now["scan"], now["same_network"]) == (later.rpartition("/")[2], True)
