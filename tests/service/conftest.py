"""One service for the session; the broker is emptied and the store is fresh for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from redis import Redis
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.kinds.base import QUEUES
from featurelens.jobs.logs import configure
from featurelens.jobs.queue import liveness
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from tests.support.server import Server


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="session")
def server(broker: str, state: Path) -> Iterator[Server]:
    configure("service")
    with Server(Settings(redis_url=broker, state=state)) as server:
        yield server


@pytest.fixture
def store(state: Path) -> FileStore:
    """Empty."""
    folder = Settings(state=state).results_folder
    shutil.rmtree(folder, ignore_errors=True)
    return FileStore(folder)


@pytest.fixture
def client(server: Server, store: FileStore, catalog: Catalog, redis: Redis) -> Iterator[httpx.Client]:
    """Of a service with an empty store, a catalog, and a worker that is there; at rest again before the next flush."""
    liveness.beat(redis)
    redis.persist(liveness.RENDERER)  # nobody sends another one, however slow the machine is
    for queue in QUEUES:
        redis.sadd(WORKERS_BY_QUEUE_KEY % queue, "rq:worker:a")
    redis.hset("rq:worker:a", "last_heartbeat", "now")
    yield server.client
    server.settle()
