"""Data sets over HTTP: those that the worker has published, and none by a path."""

from __future__ import annotations

import httpx
import pytest
from redis import Redis

from featurelens.jobs.catalog.datasets import DATASETS, Datasets
from tests.support.datasets import ENTRY
from tests.support.problems import check


@pytest.mark.usefixtures("store")
def test_published_and_shown(client: httpx.Client, redis: Redis) -> None:
    assert client.get("/v1/datasets").json() == {"datasets": []}
    Datasets(redis).publish([ENTRY, ENTRY.model_copy(update={"name": "b"})])
    whole = ENTRY.model_dump(mode="json")
    assert client.get(f"/v1/datasets/{ENTRY.name}").json() == whole
    listed = client.get("/v1/datasets").json()["datasets"]
    assert [one["name"] for one in listed] == ["b", ENTRY.name]
    assert listed[1] == {name: value for name, value in whole.items() if name != "labels"}
    redis.hset(DATASETS, "newer", '{"name": "newer", "source": "hub"}')
    assert len(client.get("/v1/datasets").json()["datasets"]) == 2


@pytest.mark.parametrize("name", ["tinyimage", "..", "%2e%2e%2fetc", "a%00"])
def test_unknown(client: httpx.Client, redis: Redis, name: str) -> None:
    Datasets(redis).publish([ENTRY])
    answer = client.get(f"/v1/datasets/{name}")
    assert answer.status_code in {404, 422}
    if name == "tinyimage":
        check(answer, 404, "not-found")
        assert ENTRY.name in answer.json()["detail"]
