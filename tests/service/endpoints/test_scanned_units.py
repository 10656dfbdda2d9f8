"""The units of a layer sorted by how far their finished pictures get beside the images of a scan."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.kinds import COMPARISON
from featurelens.jobs.queue.index import write
from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.result import describe
from tests.support import datasets
from tests.support.catalog import ENTRY
from tests.support.comparisons import SPEC as COMPARED
from tests.support.comparisons import TOLD
from tests.support.pictured import pictured
from tests.support.scans import LAYER, finish

URL = "/v1/scans"


@pytest.fixture
def scan(client: httpx.Client, redis: Redis, store: FileStore, catalog: Catalog) -> str:
    """Where a finished one is."""
    catalog.datasets.publish([datasets.ENTRY])
    body = {"model": "tinynet", "dataset": datasets.ENTRY.name, "layers": ["conv1", LAYER]}
    url = client.post(URL, json=body).headers["location"]
    finish(redis, store, url.rpartition("/")[2])
    return url


def test_units_by_what_their_pictures_reach(
    client: httpx.Client, redis: Redis, store: FileStore, catalog: Catalog, scan: str
) -> None:
    """The best image raises each of them to 0.75. Those without a picture that can be compared come last."""
    fifth, second = pictured(redis, store, 5, 1.5), pictured(redis, store, 2, 0.375)
    pictured(redis, store, 9, 9.0, size=(64, 64))
    pictured(redis, store, 9, -3.0, sign="negative")

    def told(sort: str, **query: Any) -> list[tuple[int, Any]]:
        found = client.get(f"{scan}/units", params={"layer": LAYER, "sort": sort, "limit": 3, **query}).json()
        return [(unit["channel"], unit[sort]) for unit in found["units"]]

    def same(number: float) -> dict[str, float]:
        return {"least": number, "most": number}

    assert told("ratio", sign="positive") == [(5, same(2.0)), (2, same(0.5)), (0, None)]
    assert told("percentile")[0] == (5, same(100.0))
    assert told("likeness") == [(0, None), (1, None), (2, None)]
    units = client.get(f"{scan}/units", params={"layer": LAYER, "sort": "ratio"}).json()["units"]
    assert [unit["picture"] for unit in units[:3]] == [fifth, second, None]
    assert told("percentile", sign="negative") == [(9, same(100.0)), (0, None), (1, None)]
    latest = pictured(redis, store, 2, 3.0, seed=1)
    assert client.get(f"{scan}/units", params={"layer": LAYER, "sort": "ratio"}).json()["units"][0]["picture"] == latest
    catalog.publish([ENTRY.model_copy(update={"digest": "sha256:" + "1" * 64})])
    assert told("ratio")[0] == (0, None)


def test_units_by_how_alike_their_pictures_are_processed(
    client: httpx.Client, redis: Redis, store: FileStore, scan: str
) -> None:
    url = pictured(redis, store, 3, 1.5)
    spec = COMPARED.model_copy(update={"visualization": url.rpartition("/")[2], "scan": scan.rpartition("/")[2]})
    key = COMPARISON.key(spec, ENTRY.digest, ENTRY.renderer)
    made = describe(key, spec, TOLD, datetime.now(UTC))
    store.put(made, [])
    with redis.pipeline() as pipe:
        write(pipe, key, spec, made.finished, "succeeded", 600)
        pipe.execute()
    pictured(redis, store, 3, 1.5, seed=1)  # not compared with anything yet
    first, second = client.get(f"{scan}/units", params={"layer": LAYER, "sort": "likeness"}).json()["units"][:2]
    assert (first["channel"], first["picture"], first["likeness"]) == (3, url, 0.5)
    assert (second["channel"], second["likeness"]) == (0, None)
    by_means = {"layer": LAYER, "sort": "likeness_of_means"}
    first = client.get(f"{scan}/units", params=by_means).json()["units"][0]
    assert (first["channel"], first["likeness"], first["likeness_of_means"]) == (3, None, 1.0)
