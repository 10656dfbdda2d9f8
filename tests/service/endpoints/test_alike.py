"""The units that answer like one over a data set, with what there is to see; scans from before that was kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from tests.support import datasets
from tests.support.catalog import ENTRY, LAYERS
from tests.support.pictured import pictured
from tests.support.problems import check
from tests.support.scans import LAYER, RELATIVES, finish, told_before
from tests.support.server import Server

URL = f"/v1/models/tinynet/layers/{LAYER}/units/3/alike"
BODY: dict[str, Any] = {"model": "tinynet", "dataset": datasets.ENTRY.name, "layers": ["conv1", LAYER]}


@pytest.fixture(autouse=True)
def published(catalog: Catalog) -> None:
    catalog.datasets.publish([datasets.ENTRY])


@pytest.fixture
def scan(client: httpx.Client, redis: Redis, store: FileStore, published: None) -> str:
    """Where a finished one is."""
    url = client.post("/v1/scans", json=BODY).headers["location"]
    finish(redis, store, url.rpartition("/")[2])
    return str(url)


def test_with_numbers_and_what_there_is_to_see(client: httpx.Client, redis: Redis, store: FileStore, scan: str) -> None:
    picture = pictured(redis, store, 4, 1.5)
    lowered = pictured(redis, store, 7, -1.5, sign="negative")
    answer = client.get(URL, params={"dataset": datasets.ENTRY.name})
    assert answer.headers["cache-control"] == "no-cache"
    said = answer.json()
    assert (said["layer"], said["channel"], said["scan"]) == (LAYER, 3, scan.rpartition("/")[2])
    assert (said["images"], said["sampled"], said["preactivation"], said["again"]) == (39, 39, True, None)
    assert (said["current"], said["same_network"]) == (True, True)
    numbers = ("channel", "correlation", "error")
    for name, expected in RELATIVES.items():
        assert [{key: one[key] for key in numbers} for one in said[name]] == expected
    first, second = said["alike"]
    assert (first["active"], first["label"], first["negative"]) == (0.5, None, None)
    assert first["positive"]["image"] == f"{picture}/image"
    assert first["positive"]["activation"] == 1.5
    assert second["positive"] is None
    assert said["opposite"][0]["negative"]["image"] == f"{lowered}/image"
    assert client.get(first["strongest"]["crop"]).status_code == 200
    assert client.get(first["unit"]).json()["channel"] == 4
    assert client.get(first["alike"]).json()["alike"] == []
    assert all(client.get(link).status_code == 200 for link in said["links"].values())


def test_on_the_layer_of_classes_they_have_names(
    client: httpx.Client, redis: Redis, store: FileStore, catalog: Catalog, scan: str
) -> None:
    catalog.publish([ENTRY.model_copy(update={"classes_layer": LAYER, "labels": tuple("abcdefghijklmnop")})])
    assert [one["label"] for one in client.get(URL).json()["alike"]] == ["e", "b"]


def test_a_scan_from_before_says_so(client: httpx.Client, redis: Redis, store: FileStore, catalog: Catalog) -> None:
    """Its key stays, its examples are told; what is missing is one scan away, of this layer alone."""
    url = client.post("/v1/scans", json=BODY).headers["location"]
    before = url.rpartition("/")[2]
    finish(redis, store, before, told_before)
    assert client.get(URL.replace("alike", "examples")).status_code == 200
    said = client.get(URL).json()
    assert (said["scan"], said["alike"], said["opposite"], said["sampled"]) == (before, None, None, None)
    again = said["again"]
    assert (again["status"], again["request"]["layers"]) == (None, [LAYER])
    assert JobQueue(redis).find(again["key"]) is None, "looking asks for nothing"
    asked = client.post(again["to"], json=again["request"])
    assert (asked.status_code, asked.json()["key"]) == (202, again["key"])
    assert client.get(URL).json()["again"]["status"] == "queued"
    finish(redis, store, again["key"])
    assert [one["channel"] for one in client.get(URL).json()["alike"]] == [4, 1]
    catalog.datasets.publish([])
    former = client.get(URL.replace("/3/", "/2/")).json()
    assert (former["alike"], former["again"], former["current"]) == ([], None, False)


def test_a_data_set_that_is_gone_is_not_scanned_again(
    client: httpx.Client, redis: Redis, store: FileStore, catalog: Catalog
) -> None:
    finish(redis, store, client.post("/v1/scans", json=BODY).headers["location"].rpartition("/")[2], told_before)
    catalog.datasets.publish([])
    said = client.get(URL).json()
    assert (said["alike"], said["again"], said["current"]) == (None, None, False)


@pytest.mark.usefixtures("scan")
def test_without(client: httpx.Client) -> None:
    for address, says in (
        ("/v1/models/tinynet/layers/logits/units/3/alike", '"layers": ["logits"]'),
        (f"{URL}?dataset=patterns", '"dataset": "patterns"'),
        (URL.replace("/3/", "/16/"), "0 to 15"),
        (URL.replace(LAYER, "conv9"), "conv9"),
    ):
        answer = client.get(address)
        check(answer, 404, "not-found")
        assert says in answer.json()["detail"]
    assert client.get(URL, params={"dataset": "../etc"}).status_code == 422


def test_of_former_weights(client: httpx.Client, catalog: Catalog, scan: str) -> None:
    catalog.publish([ENTRY.model_copy(update={"digest": "sha256:" + "1" * 64})])
    catalog.publish_layers(ENTRY.name, LAYERS)
    said = client.get(URL).json()
    assert (said["same_network"], len(said["alike"])) == (False, 2)


@pytest.fixture
def discreet(broker: str, state: Path) -> Iterator[Server]:
    """A service that shows no images."""
    with Server(Settings(redis_url=broker, state=state, dataset_crops=False)) as server:
        yield server


@pytest.mark.usefixtures("scan")
def test_images_can_be_turned_off(discreet: Server) -> None:
    assert discreet.client.get(URL).json()["alike"][0]["strongest"]["crop"] is None
