"""The overview: queues, slots, the renderer, and what is missing."""

from __future__ import annotations

import httpx
from redis import Redis

from featurelens.jobs.queue import stats
from tests.support.stats import RENDERER
from tests.support.visualizations import BODY, URL


def test_overview(client: httpx.Client, redis: Redis) -> None:
    stats.publish_renderer(redis, RENDERER)
    stats.count_start(redis)
    client.post(URL, json=BODY)
    body = client.get("/v1/status").json()
    assert (body["ready"], body["missing"]) == (True, None)
    assert body["queues"]["featurelens"]["length"] == 1
    assert body["slots"]["featurelens"] == 1
    assert body["renderer"]["device"] == "cpu"
    assert (body["renderer_starts"], body["ended"]) == (1, {})
    assert body["store_bytes"].keys() == {"results", "thumbnails", "photos"}
    redis.delete("rq:worker:a")
    assert client.get("/v1/status").json()["missing"] == "no slot takes jobs"
