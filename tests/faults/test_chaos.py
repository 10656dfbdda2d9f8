"""Mixed jobs under mishaps at random, as `make chaos` has them, for a shorter time."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.chaos import chaos
from tests.support.fault_injection import FULL, LOG

MINUTES = 5


@pytest.mark.skipif(not FULL, reason="FEATURELENS_FAULTS=full waits that long")
def test_nothing_lost_torn_or_told_wrongly(tmp_path: Path) -> None:
    """Whatever happens in it; its seed is the same every time, its moments are not."""
    report = chaos(MINUTES, 7, tmp_path)
    LOG.info("\n%s", report.table())
    assert report.good, (report.lost, report.torn, report.lies)
    assert report.jobs.total() > 20
    assert report.recoveries
