"""What pictures would cost: the same refusals as for asking, true counts, honest seconds, and nothing is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.kinds.base import QUEUE, QUEUES, SWEEP_QUEUE, holding
from featurelens.jobs.queue import stats
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.records import Records
from featurelens.jobs.queue.speeds import Speed
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from featurelens.service.auth.api_keys import ApiKeys
from tests.support.catalog import ENTRY
from tests.support.fake_worker import make
from tests.support.problems import check
from tests.support.renderers import appear
from tests.support.server import Server
from tests.support.stats import RENDERER
from tests.support.visualizations import BODY, KEY, SPEC, put
from tests.support.visualizations import URL as PICTURES

SWEEPS = "/v1/sweeps"
SWEEP: dict[str, Any] = {"model": "tinynet", "layer": "conv2", "channels": "0-3", "steps": 16}
SPEED = Speed(digest=ENTRY.digest, layers=["conv2"], height=64, width=96, alone=0.5, shared=0.25)


def estimate(client: httpx.Client, url: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"{url}/estimate", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


def publish(redis: Redis, **changes: Any) -> None:
    stats.publish_renderer(redis, RENDERER.model_copy(update=changes))


def test_of_a_picture(client: httpx.Client, redis: Redis, catalog: Catalog) -> None:
    publish(redis, memory=1 << 30)
    found = estimate(client, PICTURES, BODY)
    assert (found["key"], found["status"], found["waiting"]) == (KEY, None, 0)
    assert found["spec"] == SPEC.model_dump(mode="json")
    assert (found["cost"], found["cost_limit"]) == (128 * 64 * 96, 1 << 32)
    assert (found["memory"], found["memory_limit"]) == (VISUALIZATION.memory(catalog, SPEC), 1 << 30)
    assert found["seconds"] is None, "nothing has been measured"


def test_nothing_is_asked_for(client: httpx.Client, redis: Redis, catalog: Catalog) -> None:
    before = set(redis.keys())
    estimate(client, PICTURES, BODY)
    estimate(client, SWEEPS, SWEEP)
    assert set(redis.keys()) == before
    assert catalog.model("tinynet") == ENTRY
    assert JobQueue(redis).find(KEY) is None
    assert len(JobQueue(redis)) == 0


def test_seconds_of_a_picture(client: httpx.Client, redis: Redis) -> None:
    """At the speed of a picture alone, of another size by its pixels, for each of its pictures and views."""
    publish(redis, speeds=[SPEED])
    assert estimate(client, PICTURES, BODY)["seconds"] == 64.0
    assert estimate(client, PICTURES, {**BODY, "steps": 4, "size": [128, 192]})["seconds"] == 8.0
    four = {**BODY, "steps": 4, "objective": {"type": "diversity", "pictures": 4}, "transform": {"views": 2}}
    assert estimate(client, PICTURES, four)["seconds"] == 16.0
    assert estimate(client, PICTURES, {**BODY, "layer": "conv1"})["seconds"] is None
    publish(redis, speeds=[SPEED.model_copy(update={"alone": None})])
    assert estimate(client, PICTURES, BODY)["seconds"] is None


def test_of_a_picture_on_its_way(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    publish(redis, speeds=[SPEED])
    for channel in (0, 1, 3):
        client.post(PICTURES, json={**BODY, "channel": channel})
    found = estimate(client, PICTURES, BODY)
    assert (found["status"], found["waiting"], found["seconds"]) == ("queued", 2, 64.0)
    assert estimate(client, PICTURES, {**BODY, "channel": 5})["waiting"] == 3
    ticket = JobQueue(redis).find(KEY)
    assert ticket is not None
    assert ticket.record.askers == 1
    Records(redis).start(KEY, ticket.record.attempt, "x")
    Records(redis).progress(KEY, ticket.record.attempt, "x", "rendering", 28, 0.5)
    found = estimate(client, PICTURES, BODY)
    assert (found["status"], found["waiting"], found["seconds"]) == ("running", 0, 50.0)
    put(store)
    Records(redis).commit(KEY, ticket.record.attempt, "x")
    Records(redis).succeed(KEY, ticket.record.attempt, "x")
    found = estimate(client, PICTURES, BODY)
    assert (found["status"], found["waiting"], found["seconds"]) == ("succeeded", 0, 0.0)


def test_a_picture_of_a_sweep_would_move_over(client: httpx.Client) -> None:
    client.post(SWEEPS, json=SWEEP)
    client.post(PICTURES, json=BODY)
    found = estimate(client, PICTURES, {**BODY, "channel": 2, "steps": 16})
    assert (found["status"], found["waiting"]) == ("queued", 1)


def test_of_a_sweep(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    publish(redis, speeds=[SPEED])
    found = estimate(client, SWEEPS, {**SWEEP, "signs": ["positive", "negative"]})
    counts = [found[name] for name in ("total", "made", "underway", "missing", "waiting")]
    assert counts == [8, 0, 0, 8, 0]
    assert (found["cost"], found["cost_limit"]) == (8 * 16 * 64 * 96, 1 << 38)
    assert found["seconds"] == 8 * 16 * 0.25
    url = client.post(SWEEPS, json=SWEEP).headers["location"]
    keys = [item["key"] for item in client.get(f"{url}/items").json()["items"]]
    make(redis, store, keys[0])
    found = estimate(client, SWEEPS, {**SWEEP, "signs": ["positive", "negative"]})
    counts = [found[name] for name in ("total", "made", "underway", "missing")]
    assert counts == [8, 1, 3, 4]
    assert found["waiting"] == 4, "the fake worker leaves what it has made in the queue"
    assert found["seconds"] == 4 * 16 * 0.25
    assert found["spec"]["channel"] == 0


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"steps": 0}, "invalid-spec", "/steps"),
    ({"layer": "conv9"}, "unknown-layer", "/layer"),
    ({"model": "nothing"}, "unknown-model", "/model"),
    ({"steps": 4096, "size": 1024, "transform": {"views": 2}}, "too-expensive", ""),
    ({"nonsense": 1}, "invalid-spec", "/nonsense"),
]


@pytest.mark.parametrize(("changes", "code", "pointer"), REFUSED)
@pytest.mark.parametrize(("url", "body"), [(PICTURES, BODY), (SWEEPS, SWEEP)])
def test_what_is_refused_is_refused_here(
    client: httpx.Client, url: str, body: dict[str, Any], changes: dict[str, Any], code: str, pointer: str
) -> None:
    """In the same words, at the same place."""
    found = check(client.post(f"{url}/estimate", json=body | changes), 422, code)
    assert pointer in [fault["pointer"] for fault in found["errors"]]
    assert found == check(client.post(url, json=body | changes), 422, code)


def test_a_channel_that_there_is_not(client: httpx.Client) -> None:
    found = check(client.post(f"{PICTURES}/estimate", json={**BODY, "channel": 16}), 422, "out-of-range")
    assert found["errors"][0]["pointer"] == "/channel"
    found = check(client.post(f"{SWEEPS}/estimate", json={**SWEEP, "channels": "0-16"}), 422, "out-of-range")
    assert found["errors"][0]["pointer"] == "/channels"


def test_too_large(client: httpx.Client, redis: Redis) -> None:
    publish(redis, memory=1000)
    for url, body in ((PICTURES, BODY), (SWEEPS, SWEEP)):
        found = check(client.post(f"{url}/estimate", json=body), 422, "too-large")
        assert found == check(client.post(url, json=body), 422, "too-large")


def test_without_a_worker(client: httpx.Client, redis: Redis) -> None:
    """It needs nobody."""
    for queue in QUEUES:
        redis.delete(f"rq:workers:{queue}")
    assert estimate(client, PICTURES, BODY)["status"] is None


def test_renderers_that_have_not_the_network_do_not_count(client: httpx.Client, redis: Redis, catalog: Catalog) -> None:
    """Neither what they are, nor what waits for them."""
    told: dict[str, Any] = {"speeds": [SPEED], "sweep_pictures": 1, "memory": 1 << 30}
    for queue in QUEUES:
        redis.delete(f"rq:workers:{queue}")
    appear(redis, "a.0", holds=[holding(ENTRY)], **told)
    appear(redis, "b.0", holds=[holding(ENTRY)], **told)
    appear(
        redis, "other.0", holds=["network sha256:1 6"], **told | {"speeds": [SPEED.model_copy(update={"alone": 9.0})]}
    )
    for id in ("a.0", "other.0"):
        redis.rpush(f"rq:queue:{SWEEP_QUEUE}@{id}", "x", "y")
        redis.rpush(f"rq:queue:{QUEUE}@{id}", "z")
    found = estimate(client, SWEEPS, SWEEP)
    assert (found["missing"], found["waiting"]) == (4, 2)
    assert found["seconds"] == 2 * 16 * 0.25, "two side by side"
    found = estimate(client, PICTURES, BODY)
    assert (found["waiting"], found["seconds"]) == (1, 64.0)


def test_who_may_only_read_and_a_quota(broker: str, tmp_path: Path, client: httpx.Client) -> None:
    """What is always too much is refused; nothing is counted."""
    assert client.get("/livez").status_code == 200
    settings = Settings(redis_url=broker, state=tmp_path, auth="on", quota=4)
    sent = {"Authorization": f"Bearer {ApiKeys(settings.keys_file).create('read')}"}
    with Server(settings) as server:
        for _ in range(6):
            answer = server.client.post(f"{PICTURES}/estimate", json=BODY, headers=sent)
            assert (answer.status_code, "ratelimit" in answer.headers) == (200, False)
        many = {**SWEEP, "channels": "0-4"}
        check(server.client.post(f"{SWEEPS}/estimate", json=many, headers=sent), 422, "too-expensive")
        assert server.client.post(f"{SWEEPS}/estimate", json=SWEEP, headers=sent).status_code == 200
