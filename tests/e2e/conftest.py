"""One running Featurelens for all end-to-end tests that leave it as they found it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from featurelens.launcher.claim import free_port
from tests.support.stack import Stack

if sys.platform != "linux":
    pytest.skip("these tests look for processes in /proc", allow_module_level=True)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Started once, stopped at the end."""
    with Stack(tmp_path_factory.mktemp("e2e") / "state", free_port()) as stack:
        yield stack
