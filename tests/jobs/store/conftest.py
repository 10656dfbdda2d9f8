"""A real S3-compatible server for the module, and credentials for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.bucket import CREDENTIALS, BucketServer


@pytest.fixture(scope="package")
def server() -> Iterator[BucketServer]:
    with BucketServer() as server:
        yield server


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
