"""Sentinels replace the master: what was accepted is made, by the same slots, and clients find the new one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from featurelens.jobs.queue.broker import connect, patiently
from featurelens.launcher.broker import await_broker
from featurelens.launcher.children import GaveUp
from tests.support.fake_renderer import QUICK, SLOW
from tests.support.watched_valkey import WatchedValkey
from tests.support.worker_harness import WorkerHarness


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedValkey]:
    with WatchedValkey(tmp_path) as watched:
        yield watched


@pytest.fixture
def client(watched: WatchedValkey) -> Iterator[Redis]:
    with connect(watched.url) as client:
        yield client


def test_the_master_dies(watched: WatchedValkey, client: Redis, tmp_path: Path) -> None:
    """Pictures in progress and in the queue are made, none twice; new ones are asked for, made and cancelled."""
    state = tmp_path / "state"
    state.mkdir()
    with WorkerHarness(client, watched.url, state) as worker:
        worker.start_renderer()
        slot = worker.start_slot()
        keys = [worker.ask(seed=SLOW, steps=steps) for steps in (150, 5)]
        worker.await_status(keys[0], "running")
        assert watched.replicated()
        watched.first.kill()
        for key in keys:
            patiently(lambda key=key: worker.await_status(key, "succeeded", 60))  # type: ignore[misc]
        for key in keys:
            assert worker.noted("finished", key) == 1
        key = worker.ask(seed=QUICK)
        worker.await_status(key, "succeeded")
        stopped = worker.ask(seed=SLOW, steps=4000)
        worker.await_status(stopped, "running")
        worker.queue.leave(stopped)
        worker.await_status(stopped, "cancelled")
        assert slot.poll() is None


def test_a_master_that_has_been_replaced(watched: WatchedValkey, client: Redis) -> None:
    """It refuses writes over connections that nobody has cut: they are given up, and the new one is asked."""
    script = client.register_script("return redis.call('INCR', KEYS[1])")
    assert script(keys=["featurelens:x"]) == 1
    watched.replace_master()
    client.set("featurelens:y", 1)
    assert script(keys=["featurelens:z"]) == 1
    with watched.second.client() as second:
        assert second.get("featurelens:y") == b"1"
        assert second.get("featurelens:z") == b"1"


def test_what_the_launcher_says(watched: WatchedValkey) -> None:
    """Of the address of sentinels, as of that of a server."""
    asyncio.run(await_broker(watched.url, 10))
    for good, bad, words in (
        ("s3cret", "wrong", "does not accept the user"),
        ("=watch", "=wrong", "sentinel_password"),
        ("mymaster", "other", "knows a master of this name"),
    ):
        with pytest.raises(GaveUp, match=words):
            asyncio.run(await_broker(watched.url.replace(good, bad), 0.1))
