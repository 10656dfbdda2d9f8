"""The list of jobs: scans are found at once among any number of pictures."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from redis import Redis

from featurelens.jobs.kinds import SCAN, VISUALIZATION
from featurelens.jobs.queue import index
from featurelens.jobs.queue.index import JobIndex, write
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.store.result import describe
from tests.support.results import SPEC

SCANNED = "fs1_" + "0" * 64
SCAN_SPEC = ScanSpec(model="m", dataset="d", layers=["l"])


def test_a_scan_is_found_past_many_pictures(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "_SCANNED", 200)
    with redis.pipeline() as pipe:
        write(pipe, SCANNED, SCAN_SPEC, datetime.now(UTC), "succeeded", 60)
        for number in range(300):
            write(pipe, f"fv1_{number:064}", SPEC, datetime.now(UTC), "succeeded", 60)
        pipe.execute()
    listed = JobIndex(redis)
    lines, following = listed.page(SCAN, 10, model="m", status="succeeded")
    assert ([line.key for line in lines], following) == ([SCANNED], None)
    assert len(listed.page(VISUALIZATION, 100)[0]) == 100
    listed.forget(SCANNED)
    assert listed.page(SCAN, 10)[0] == []


def test_scans_are_rebuilt_among_scans(redis: Redis) -> None:
    listed = JobIndex(redis)
    assert listed.rebuild([describe(SCANNED, SCAN_SPEC, {}, datetime.now(UTC))]) == 1
    assert [line.key for line in listed.page(SCAN, 10)[0]] == [SCANNED]
    assert listed.page(VISUALIZATION, 10)[0] == []
