"""A service of one network, whose pictures are all red."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.logs import configure
from tests.support.kept_logging import kept_logging
from tests.support.served import served
from tests.support.server import Server


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    """Nothing but errors is logged, as standard output is a command's; and what commands configure is undone."""
    with kept_logging():
        configure("service", "ERROR")
        yield


@pytest.fixture
def service(_logging: None, redis: Redis, broker: str, catalog: Catalog, tmp_path: Path) -> Iterator[Server]:
    """Makes whatever it is asked for."""
    with served(redis, broker, tmp_path / "state") as server:
        yield server
