"""What is seen from outside: figures, the overview, and lines in the log."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as families
from redis import Redis

from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.queue import stats
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.records import Records
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from featurelens.launcher.claim import free_port
from tests.support.server import Server
from tests.support.stats import RENDERER
from tests.support.visualizations import BODY, KEY, URL, put

pytestmark = pytest.mark.usefixtures("store")


def scrape(client: httpx.Client) -> dict[str, float]:
    """Samples by name and labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        sample.name + "".join(f",{name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in families(answer.text)
        for sample in family.samples
    }


def test_figures(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    stats.publish_renderer(redis, RENDERER)
    stats.count_start(redis)
    before = scrape(client)
    client.post(URL, json=BODY)
    client.post(URL, json=BODY)
    found = scrape(client)
    assert found["featurelens_broker_up"] == found["featurelens_renderer_up"] == 1
    assert found["featurelens_queue_length,queue=featurelens"] == 1
    assert 0 <= found["featurelens_queue_oldest_wait_seconds,queue=featurelens"] < 5
    assert found["featurelens_slots,queue=featurelens"] == 1
    assert found["featurelens_lane_pictures"] == 5
    assert found["featurelens_lane_capacity"] == 16
    assert found["featurelens_tick_seconds_total"] / found["featurelens_ticks_total"] == 0.25
    assert found["featurelens_renderer_starts_total"] == 1
    for outcome in ("accepted", "joined"):
        name = f"featurelens_asked_total,outcome={outcome}"
        assert found[name] - before.get(name, 0) == 1
    put(store)
    client.post(URL, json=BODY)
    hits = "featurelens_asked_total,outcome=hit"
    assert scrape(client)[hits] - before.get(hits, 0) == 1


def test_outcomes_are_counted_once(client: httpx.Client, redis: Redis) -> None:
    client.post(URL, json=BODY)
    ticket = JobQueue(redis).find(KEY)
    assert ticket is not None
    for _ in range(2):
        Records(redis).fail(KEY, ticket.record.attempt, RenderFailed("no"))
    assert scrape(client)["featurelens_renders_total,outcome=failed"] == 1


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


def test_without_a_broker(tmp_path: Path) -> None:
    with Server(Settings(redis_url=f"redis://127.0.0.1:{free_port()}", state=tmp_path)) as server:
        found = scrape(server.client)
        assert found["featurelens_broker_up"] == 0
        assert found["featurelens_store_bytes,what=results"] == 0
        assert server.client.get("/v1/status").status_code == 503


def test_requests_have_names(client: httpx.Client, redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    given = client.post(URL, json=BODY, headers={"X-Request-ID": "mine-1"})
    assert given.headers["x-request-id"] == "mine-1"
    made = client.get("/livez", headers={"X-Request-ID": "not a name"}).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", made)
    ticket = JobQueue(redis).find(KEY)
    assert ticket is not None
    said = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    line = next(line for line in said if line.get("request") == "mine-1")
    assert (line["key"], line["attempt"]) == (KEY, ticket.record.attempt)
    assert (line["status"], line["client"]) == (202, "127.0.0.1")
