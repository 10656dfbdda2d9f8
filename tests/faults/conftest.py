"""One running Featurelens, for all tests that hurt it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

import pytest

from featurelens.launcher.claim import free_port
from tests.support.fault_injection import SWEEP_PLACES
from tests.support.stack import Stack

if sys.platform != "linux":
    pytest.skip("these tests look for processes in /proc", allow_module_level=True)

logging.getLogger("httpx").setLevel(logging.WARNING)  # or the figures drown in requests


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Started once, stopped at the end. It has many places for pictures of sweeps."""
    places = str(SWEEP_PLACES)
    with Stack(tmp_path_factory.mktemp("faults") / "state", free_port(), FEATURELENS_SWEEP_SLOTS=places) as stack:
        yield stack
