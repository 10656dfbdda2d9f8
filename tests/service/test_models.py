"""The catalog over HTTP."""

from __future__ import annotations

import httpx
from redis import Redis

from jobs.catalog import LAYERS as LAYERS_KEY
from tests.conftest import ENTRY, LAYERS
from tests.service.test_problems import check


def test_models(client: httpx.Client) -> None:
    assert client.get("/v1/models").json() == {"models": [ENTRY.model_dump(mode="json")]}


def test_one_model_by_each_of_its_names(client: httpx.Client) -> None:
    for name in (ENTRY.name, "tinynet", ENTRY.name.replace(":", "%3A").replace("@", "%40")):
        assert client.get(f"/v1/models/{name}").json() == ENTRY.model_dump(mode="json")
        layers = client.get(f"/v1/models/{name}/layers").json()
        assert layers == {"model": ENTRY.name, "layers": [layer.model_dump(mode="json") for layer in LAYERS]}


def test_unknown(client: httpx.Client) -> None:
    for path in ("/v1/models/tinnynet", "/v1/models/tinnynet/layers"):
        assert "tinynet" in check(client.get(path), 404, "not-found")["detail"]


def test_layers_to_come(client: httpx.Client, redis: Redis) -> None:
    redis.delete(LAYERS_KEY)
    answer = client.get("/v1/models/tinynet/layers")
    check(answer, 503, "catalog-pending")
    assert answer.headers["retry-after"] == "2"
