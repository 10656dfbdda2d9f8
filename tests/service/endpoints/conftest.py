"""A picture that somebody has asked for."""

from __future__ import annotations

import httpx
import pytest
from redis import Redis

from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.store.file_store import FileStore
from tests.support.visualizations import BODY, KEY, URL


@pytest.fixture
def attempt(client: httpx.Client, redis: Redis, store: FileStore) -> str:
    """Somebody has asked for it, and nobody has made it."""
    assert store.get(KEY) is None
    client.post(URL, json=BODY)
    ticket = JobQueue(redis).find(KEY)
    assert ticket is not None
    return ticket.record.attempt
