"""Slots and a fake renderer, to be started as a test needs them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.support.worker_harness import WorkerHarness


@pytest.fixture
def worker(redis: Redis, broker: str, tmp_path: Path) -> Iterator[WorkerHarness]:
    with WorkerHarness(redis, broker, tmp_path) as worker:
        yield worker


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the count of silence goes by; a look counts for a pace at most."""
    now = [0.0]
    monkeypatch.setattr("featurelens.jobs.silence.time.monotonic", lambda: now[0])
    return now
