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
