"""The list of jobs: scans are found at once among any number of pictures."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import cast

import pytest
from redis import Redis

from featurelens.jobs.kinds import SCAN, VISUALIZATION
from featurelens.jobs.queue import index
from featurelens.jobs.queue.index import JobIndex, write
from featurelens.jobs.queue.unit_index import UnitIndex
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.store.result import Result, describe
from tests.support.comparisons import SPEC as COMPARED
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


def test_what_tells_of_a_picture_is_found_by_its_key(redis: Redis) -> None:
    """The latest first; forgotten lines do not matter to whoever reads the store next."""
    listed, picture = JobIndex(redis), COMPARED.visualization
    assert listed.about(picture) == []
    keys = [f"fc1_{number:064}" for number in range(3)]
    with redis.pipeline() as pipe:
        for number, key in enumerate(keys):
            write(pipe, key, COMPARED, datetime(2026, 1, 1 + number, tzinfo=UTC), "queued", 60)
        pipe.execute()
    assert listed.about(picture) == keys[::-1]
    assert listed.about("fv1_" + "9" * 64) == []


def test_few_kinds_are_rebuilt_apart(redis: Redis) -> None:
    listed = JobIndex(redis)
    assert (listed.complete(), listed.complete(few=True)) == (False, False)
    key = "fc1_" + "0" * 64
    few = [describe(SCANNED, SCAN_SPEC, {}, datetime.now(UTC)), describe(key, COMPARED, {}, datetime.now(UTC))]
    assert listed.rebuild(few, few=True) == 2
    assert (listed.complete(), listed.complete(few=True)) == (False, True)
    assert listed.about(COMPARED.visualization) == [key]
    picture = "fv1_" + "1" * 64
    assert listed.rebuild([*few, describe(picture, SPEC, {}, datetime.now(UTC))]) == 3
    assert (listed.complete(), listed.complete(few=True)) == (True, True)
    assert [line.key for line in listed.page(SCAN, 10)[0]] == [SCANNED]
    assert [line.key for line in listed.page(VISUALIZATION, 10)[0]] == [picture]


def test_one_that_fails_lets_the_next_begin(redis: Redis) -> None:
    def broken(_key: str) -> Result:
        raise OSError("no store")

    listed = JobIndex(redis)
    with pytest.raises(OSError, match="no store"):
        listed.rebuild(map(broken, [SCANNED]))
    assert not listed.complete()
    assert listed.rebuild([describe(SCANNED, SCAN_SPEC, {}, datetime.now(UTC))]) == 1


@pytest.mark.parametrize("before", [False, True], ids=["filled as they come", "completed by a service that starts"])
def test_a_layer_is_found_past_many_pictures(redis: Redis, monkeypatch: pytest.MonkeyPatch, before: bool) -> None:
    """Looked for in its own set, once all sets are complete: nothing else is read, and nothing is missing."""
    listed = JobIndex(redis)
    other = SPEC.model_copy(update={"layer": "other"})
    if not before:
        listed.complete_layers()
    with redis.pipeline() as pipe:
        for number in range(300):
            layered = SPEC if number == 7 else other
            write(pipe, f"fv1_{number:064}", layered, datetime.now(UTC), "succeeded", 60)
        pipe.execute()
    if before:
        for key in redis.scan_iter("featurelens:listing:layer:*"):
            redis.delete(key)
        listed.complete_layers()
    monkeypatch.setattr(index, "_SCANNED", 10)
    wanted = f"fv1_{7:064}"
    lines, following = listed.page(VISUALIZATION, 10, model=SPEC.model, layer=SPEC.layer)
    assert ([line.key for line in lines], following) == ([wanted], None)
    newest, _ = UnitIndex(redis).newest(SPEC.model, str(SPEC.layer), 0, 1000)
    assert [key for keys in newest.values() for key in keys] == [wanted]
    listed.forget(wanted)
    assert listed.page(VISUALIZATION, 10, model=SPEC.model, layer=SPEC.layer) == ([], None)


def test_no_two_have_the_same_place_whatever_comes_back_first(redis: Redis) -> None:
    listed = JobIndex(redis)
    compared = describe("fc1_" + "1" * 64, COMPARED, {}, datetime(2026, 1, 2, tzinfo=UTC))
    pictured = [describe(f"fv1_{number:064}", SPEC, {}, datetime(2026, 1, 1, tzinfo=UTC)) for number in range(2)]
    with redis.pipeline() as pipe:
        write(pipe, f"fv1_{9:064}", SPEC, datetime.now(UTC), "succeeded", 60)
        pipe.execute()
    listed.rebuild([compared], few=True)
    listed.rebuild([compared, *pictured])
    places = cast("list[tuple[bytes, float]]", redis.zrange(index.INDEX, 0, -1, withscores=True))
    assert len({place for _, place in places}) == len(places) == 4
    assert min(place for _, place in places) == -3


def test_what_told_of_a_job_is_forgotten_with_it(redis: Redis) -> None:
    listed, picture = JobIndex(redis), COMPARED.visualization
    with redis.pipeline() as pipe:
        write(pipe, "fc1_" + "1" * 64, COMPARED, datetime.now(UTC), "succeeded", 60)
        pipe.execute()
    listed.forget(picture)
    assert listed.about(picture) == []


def test_until_they_are_complete_all_jobs_are_looked_through(redis: Redis) -> None:
    listed = JobIndex(redis)
    with redis.pipeline() as pipe:
        write(pipe, f"fv1_{1:064}", SPEC, datetime.now(UTC), "succeeded", 60)
        pipe.execute()
    for key in redis.scan_iter("featurelens:listing:layer:*"):
        redis.delete(key)
    assert len(listed.page(VISUALIZATION, 10, model=SPEC.model, layer=SPEC.layer)[0]) == 1


def test_one_process_reads_all_results_however_long_it_takes(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "_REBUILDING_EXPIRY", 1)
    monkeypatch.setattr(index, "_RENEWED", 1)
    others = []

    def slowly() -> Iterator[Result]:
        for number in range(4):
            time.sleep(0.6)
            others.append(JobIndex(redis).rebuild([]))
            yield describe(f"fv1_{number:064x}", SPEC, {}, datetime.now(UTC))

    assert JobIndex(redis).rebuild(slowly()) == 4
    assert others == [0] * 4
