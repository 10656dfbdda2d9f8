"""Mixed jobs under mishaps at random, as `make chaos` has them, for a shorter time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.chaos import chaos
from tests.support.fault_injection import LOG

MINUTES = float(os.environ.get("FEATURELENS_CHAOS_MINUTES", "1"))


@pytest.mark.skipif(not MINUTES, reason="FEATURELENS_CHAOS_MINUTES=0: whoever runs this has it run beside")
def test_nothing_lost_torn_or_told_wrongly(tmp_path: Path) -> None:
    """Whatever happens in it; its seed is the same every time, its moments are not."""
    report = chaos(MINUTES, 7, tmp_path)
    LOG.info("\n%s", report.table())
    assert report.good, (report.lost, report.torn, report.lies)
    assert report.jobs.total() > 20
    assert report.recoveries
