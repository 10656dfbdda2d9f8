"""Alive, and ready."""

from __future__ import annotations

import httpx
from redis import Redis

from featurelens.jobs.catalog.merging import MODELS
from tests.support.problems import check
from tests.support.server import Server


def test_live(server: Server) -> None:
    assert server.client.get("/livez").json() == {"status": "ok"}


def test_ready(client: httpx.Client, redis: Redis) -> None:
    assert client.get("/readyz").json() == {"status": "ok"}
    redis.delete(MODELS)
    check(client.get("/readyz"), 503, "catalog-pending")
    redis.delete("rq:worker:a")
    assert "slot" in check(client.get("/readyz"), 503, "no-worker")["detail"]
    redis.flushall()
    assert "renderer" in check(client.get("/readyz"), 503, "no-worker")["detail"]
