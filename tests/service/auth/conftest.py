"""A service that asks for keys, and its keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from featurelens.jobs.settings import Settings
from featurelens.service.auth.api_keys import ApiKeys
from tests.support.server import Server


@pytest.fixture
def guarded(broker: str, tmp_path: Path, client: httpx.Client) -> Iterator[Server]:
    """A service that asks for keys; `client` has filled the broker."""
    with Server(Settings(redis_url=broker, state=tmp_path, auth="on")) as server:
        yield server


@pytest.fixture
def api_keys(tmp_path: Path) -> ApiKeys:
    return ApiKeys(Settings(state=tmp_path).keys_file)
