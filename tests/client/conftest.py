"""A service of one network, whose pictures are all red."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from tests.support.served import served
from tests.support.server import Server


@pytest.fixture
def service(redis: Redis, broker: str, catalog: Catalog, tmp_path: Path) -> Iterator[Server]:
    """Makes whatever it is asked for."""
    with served(redis, broker, tmp_path / "state") as server:
        yield server
