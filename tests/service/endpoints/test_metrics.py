"""What Prometheus is told."""

from __future__ import annotations

import platform
import shutil
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as families
from redis import Redis

from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.queue import histograms, liveness, stats
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.records import Records
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from featurelens.launcher.claim import free_port
from featurelens.service.dependencies import Dependencies
from featurelens.service.metrics import METHODS, OTHER, exposition
from tests.support.server import Server
from tests.support.stats import RENDERER
from tests.support.visualizations import BODY, KEY, URL, put

SHM = Path("/dev/shm")
"""A disk of its own, where there is one."""


def scrape(client: httpx.Client) -> dict[str, float]:
    """Samples by name and labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return samples(answer.text)


def samples(text: str) -> dict[str, float]:
    """The same of what is told."""
    return {
        sample.name + "".join(f",{name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in families(text)
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
    assert found["featurelens_lane_pictures,renderer="] == 5
    assert found["featurelens_lane_capacity,renderer="] == 16
    assert found["featurelens_tick_seconds_total,renderer="] / found["featurelens_ticks_total,renderer="] == 0.25
    assert found["featurelens_renderer_starts_total,renderer="] == 1
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


def test_without_a_broker(tmp_path: Path) -> None:
    with Server(Settings(redis_url=f"redis://127.0.0.1:{free_port()}", state=tmp_path)) as server:
        found = scrape(server.client)
        assert found["featurelens_broker_up"] == 0
        assert found["featurelens_store_bytes,what=results"] == 0
        assert server.client.get("/v1/status").status_code == 503


def test_histograms(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    """Of requests by route, whoever has answered; of the broker's, buckets that add up."""
    histograms.observe(redis, histograms.WORK.of("scan"), 2.0)
    histograms.observe(redis, histograms.WORK.of("scan"), 5000.0)
    put(store)
    route = "featurelens_request_seconds_count,method={},route=/v1/visualizations/{{key}}/image"
    before = scrape(client)
    for _ in range(4):
        client.get(f"{URL}/{KEY}/image")
    client.head(f"{URL}/{KEY}/image")
    client.get("/v1/nowhere/at/all")
    found = scrape(client)
    assert [found[route.format(method)] - before.get(route.format(method), 0) for method in ("GET", "HEAD")] == [4, 1]
    assert found["featurelens_request_seconds_count,method=GET,route=none"] > 0
    scans = "featurelens_render_seconds_bucket,kind=scan,le={}"
    assert [found[scans.format(le)] for le in ("1.0", "3.0", "3000.0", "+Inf")] == [0, 1, 1, 2]
    assert found["featurelens_render_seconds_sum,kind=scan"] == 5002


def test_what_it_runs_on(client: httpx.Client) -> None:
    found = scrape(client)
    assert found[f"featurelens_build_info,python={platform.python_version()},version={version('featurelens')}"] == 1
    for where in ("state", "store"):
        free, total = (found[f"featurelens_disk_{which}bytes,where={where}"] for which in ("free_", ""))
        assert 0 < free <= total
    assert found["process_resident_memory_bytes"] > 1e7


@pytest.mark.skipif(not SHM.is_dir(), reason="there is one disk alone")
def test_the_disk_of_a_store_elsewhere_is_told_apart(broker: str, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    with TemporaryDirectory(dir=SHM) as shared:
        deps = Dependencies.of(Settings(redis_url=broker, state=state, results=shared))
        found = samples(exposition(deps).decode())
        sizes = {where: shutil.disk_usage(folder).total for where, folder in (("state", state), ("store", shared))}
    assert {where: found[f"featurelens_disk_bytes,where={where}"] for where in sizes} == sizes
    bucket = Settings(redis_url=broker, state=state, results="s3://bucket", results_endpoint="http://127.0.0.1:1")
    assert "featurelens_disk_bytes,where=store" not in samples(exposition(Dependencies.of(bucket)).decode())


def test_each_renderer_counts_its_own_starts(client: httpx.Client, redis: Redis) -> None:
    """Three cards that start are not one renderer that starts three times."""
    for number in range(3):
        stats.count_start(redis, f"a.{number}")
        liveness.beat(redis, liveness.renderer_key(f"a.{number}"))
        stats.publish_renderer(redis, RENDERER.model_copy(update={"id": f"a.{number}"}))
    stats.count_start(redis, "a.1")
    found = scrape(client)
    told = [found[f"featurelens_renderer_starts_total,renderer=a.{number}"] for number in range(3)]
    assert told == [1, 2, 1]
    assert all(0 < redis.ttl(f"featurelens:renderer:a.{number}:starts") <= stats.STARTS_KEPT for number in range(3))


def test_a_wait_for_a_job_is_no_slow_answer(client: httpx.Client) -> None:
    """Neither one that the client asks for, nor one that a first look at maps takes."""
    name = "featurelens_request_seconds_sum,method=POST,route=/v1/visualizations"
    before, begun = scrape(client).get(name, 0), time.monotonic()
    assert client.post(URL, json=BODY, headers={"Prefer": "wait=2"}).status_code == 202
    taken = time.monotonic() - begun
    assert taken > 2
    assert scrape(client)[name] - before <= taken - 2


def test_a_counter_is_there_before_it_counts(client: httpx.Client) -> None:
    """One that begins with its first event has never increased."""
    found = scrape(client)
    for method in (*METHODS, OTHER):
        assert found[f"featurelens_requests_total,method={method},status=500"] >= 0
    for outcome in ("hit", "joined", "accepted"):
        assert found[f"featurelens_asked_total,outcome={outcome}"] >= 0
