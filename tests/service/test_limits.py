"""What a picture costs; each limit refuses with a problem of its own, and says what is allowed."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import pytest
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.errors import QueueFull
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.queue import stats
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.room import EXPIRY
from featurelens.jobs.settings import Settings
from featurelens.jobs.spec.visualization import VisualizationSpec
from tests.support import datasets
from tests.support.problems import check
from tests.support.server import Server
from tests.support.stats import RENDERER
from tests.support.visualizations import BODY, URL


@pytest.mark.parametrize(
    ("more", "factor"),
    [
        ({}, 1),
        ({"transform": {"views": 3}}, 3),
        ({"objective": {"type": "diversity", "pictures": 5}}, 5),
        ({"parameterization": {"type": "maco"}}, 4),
    ],
)
def test_cost_is_steps_times_pixels(more: dict[str, object], factor: int) -> None:
    spec = {"model": "m", "layer": "l", "channel": 0, "steps": 10, "size": [32, 64], **more}
    assert VISUALIZATION.cost(VisualizationSpec.model_validate(spec).completed()) == factor * 10 * 32 * 64


def test_a_picture_that_costs_too_much(broker: str, tmp_path: Path, client: httpx.Client) -> None:
    with Server(Settings(redis_url=broker, state=tmp_path, cost_limit=64 * 96 * 100)) as server:
        assert server.client.post(URL, json={**BODY, "steps": 100}).status_code == 202
        problem = check(server.client.post(URL, json={**BODY, "steps": 101}), 422, "too-expensive")
        assert f"{64 * 96 * 100:,}" in problem["detail"]
        views = {**BODY, "steps": 100, "transform": {"views": 2}}
        check(server.client.post(URL, json=views), 422, "too-expensive")


def test_a_sweep_that_costs_too_much(broker: str, tmp_path: Path, client: httpx.Client, redis: Redis) -> None:
    one = 64 * 96 * 100
    with Server(Settings(redis_url=broker, state=tmp_path, cost_limit=one, sweep_cost_limit=4 * one)) as server:
        sweep = {"model": "tinynet", "layer": "conv2", "channels": "0-3", "steps": 100}
        problem = check(server.client.post("/v1/sweeps", json={**sweep, "channels": "0-4"}), 422, "too-expensive")
        assert f"{4 * one:,}" in problem["detail"]
        check(server.client.post("/v1/sweeps", json={**sweep, "seeds": [0, 1]}), 422, "too-expensive")
        problem = check(server.client.post("/v1/sweeps", json={**sweep, "steps": 101}), 422, "too-expensive")
        assert f"{one:,}" in problem["detail"]
        assert len(JobQueue(redis)) == 0
        assert server.client.post("/v1/sweeps", json=sweep).status_code == 202


def test_queue(broker: str, tmp_path: Path, client: httpx.Client, redis: Redis) -> None:
    with Server(Settings(redis_url=broker, state=tmp_path, queue_limit=2)) as server:
        answers = [server.client.post(URL, json={**BODY, "seed": seed}) for seed in (0, 1, 2, 0)]
        assert [answer.status_code for answer in answers] == [202, 202, 503, 202]
        check(answers[2], 503, "queue-full")
        assert int(answers[2].headers["retry-after"]) > 0
        assert len(JobQueue(redis)) == 2
        assert server.client.get("/livez").status_code == 200


def test_sweeps_at_once_share_the_queue(broker: str, tmp_path: Path, client: httpx.Client, redis: Redis) -> None:
    """Four of 2,048 pictures into a queue of 5,000, and single ones beside them: the bound holds at every moment."""
    with Server(Settings(redis_url=broker, state=tmp_path, queue_limit=5000)) as server, ThreadPoolExecutor(8) as pool:

        def sweep(number: int) -> int:
            seeds = list(range(64 * number, 64 * number + 64))
            body = {"model": "tinynet", "layer": "conv2", "channels": "0-15", "seeds": seeds}
            return server.client.post("/v1/sweeps", json=body | {"signs": ["positive", "negative"]}).status_code

        asked = [pool.submit(sweep, number) for number in range(4)]
        lengths = [len(JobQueue(redis))]
        while not all(one.done() for one in asked):
            server.client.post(URL, json={**BODY, "seed": 10_000 + len(lengths)})
            lengths.append(len(JobQueue(redis)))
        assert sorted(one.result() for one in asked) == [202, 202, 503, 503]
        assert 4096 <= max(lengths) <= 5000
        assert not redis.smembers("featurelens:reservations")


def test_singles_at_once_share_the_queue(broker: str, tmp_path: Path, client: httpx.Client, redis: Redis) -> None:
    with Server(Settings(redis_url=broker, state=tmp_path, queue_limit=10)) as server, ThreadPoolExecutor(20) as pool:
        ask = partial(server.client.post, URL)
        answers = list(pool.map(lambda seed: ask(json={**BODY, "seed": seed}).status_code, range(60)))
    assert (answers.count(202), answers.count(503)) == (10, 50)
    assert len(JobQueue(redis)) == 10


def test_places_of_a_process_that_died_are_free_again(redis: Redis) -> None:
    room = JobQueue(redis).room
    with pytest.raises(RuntimeError), room.reserved(3, 4) as reservation:
        assert 0 < redis.ttl(f"featurelens:reservations:{reservation.token}") <= EXPIRY
        with pytest.raises(QueueFull), room.reserved(2, 4):
            raise AssertionError("there is room for one")
        redis.delete(f"featurelens:reservations:{reservation.token}")  # as when it runs out
        with room.reserved(4, 4):
            raise RuntimeError
    assert not redis.keys("featurelens:reservations*")


def test_disk(broker: str, tmp_path: Path, client: httpx.Client, redis: Redis) -> None:
    with Server(Settings(redis_url=broker, state=tmp_path, min_free_bytes=1 << 60)) as server:
        answer = server.client.post(URL, json=BODY)
        check(answer, 507, "store-full")
        assert int(answer.headers["retry-after"]) > 0
        assert len(JobQueue(redis)) == 0
        photo = {"Content-Type": "image/png"}
        check(server.client.post("/v1/photos", content=b"x", headers=photo), 507, "store-full")


@pytest.mark.parametrize(
    ("number", "code", "why"),
    [
        (errno.EROFS, "store-read-only", "the disk is read-only"),
        (errno.EIO, "store-read-only", "the disk fails"),
        (errno.EACCES, "store-read-only", "permissions"),
        (errno.EDQUOT, "store-full", "quota"),
    ],
)
def test_a_disk_that_takes_nothing(
    client: httpx.Client, redis: Redis, monkeypatch: pytest.MonkeyPatch, number: int, code: str, why: str
) -> None:
    """Said before anything is accepted, for whatever is asked; without a path of the host."""

    def failing(folder: Path) -> None:
        raise OSError(number, os.strerror(number), str(folder))

    monkeypatch.setattr("featurelens.jobs.disk.check_writable", failing)
    sweep = {"model": "tinynet", "layer": "conv2", "channels": "0-3"}
    png = {"Content-Type": "image/png"}
    for answer in (
        client.post(URL, json=BODY),
        client.post("/v1/sweeps", json=sweep),
        client.post("/v1/photos", content=b"x", headers=png),
    ):
        problem = check(answer, 507, code)
        assert why in problem["detail"]
        assert "/" not in problem["detail"]
        assert int(answer.headers["retry-after"]) > 0
    assert len(JobQueue(redis)) == 0


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES])
def test_a_disk_that_gives_nothing(client: httpx.Client, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def failing(*_: object) -> bytes:
        raise OSError(number, os.strerror(number))

    for reading in ("_state", "_read"):
        monkeypatch.setattr(f"featurelens.jobs.store.file_store.FileStore.{reading}", failing)
    check(client.get(f"{URL}/fv1_{'0' * 64}"), 503, "store-unavailable")


def test_memory(broker: str, tmp_path: Path, client: httpx.Client, redis: Redis) -> None:
    """The operator's bound, or what the renderer has: the answer says what was estimated and what is allowed."""
    large = {**BODY, "size": 1024, "objective": {"type": "diversity", "pictures": 16}, "transform": {"views": 16}}
    large["steps"] = 1
    stats.publish_renderer(redis, RENDERER.model_copy(update={"memory": 1_000_000_000}))
    for bound, most in ((0, "1,000,000,000"), (5_000_000, "5,000,000")):
        with Server(Settings(redis_url=broker, state=tmp_path, picture_bytes=bound)) as server:
            problem = check(server.client.post(URL, json=large), 422, "too-large")
            assert most in problem["detail"]
            sweep = {name: value for name, value in large.items() if name != "channel"}
            check(server.client.post("/v1/sweeps", json={**sweep, "channels": "0-3"}), 422, "too-large")
            assert len(JobQueue(redis)) == 0
    with Server(Settings(redis_url=broker, state=tmp_path)) as server:
        assert server.client.post(URL, json=BODY).status_code == 202


@pytest.mark.usefixtures("client")
def test_memory_of_a_scan(broker: str, tmp_path: Path, redis: Redis, catalog: Catalog) -> None:
    """Units and a pass; refused before it waits in the queue, with what was estimated."""
    catalog.datasets.publish([datasets.ENTRY])
    body = {"model": "tinynet", "dataset": datasets.ENTRY.name, "layers": ["conv1", "conv2"]}
    taken = (56 << 10) * (8 + 16) + int(4 * 7.5 * 16 * 8 * 32 * 48)
    for memory, status in ((taken - 1, 422), (taken, 202)):
        stats.publish_renderer(redis, RENDERER.model_copy(update={"memory": memory}))
        with Server(Settings(redis_url=broker, state=tmp_path)) as server:
            answer = server.client.post("/v1/scans", json=body)
            assert answer.status_code == status
            if status == 422:
                assert f"{taken:,} bytes" in check(answer, 422, "too-large")["detail"]
                assert len(JobQueue(redis)) == 0
