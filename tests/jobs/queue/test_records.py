"""The life of a record: only the moves that are drawn, only by whom it belongs to."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from redis import Redis

from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.queue.fruitless import KEPT, KEPT_BYTES
from featurelens.jobs.queue.index import INDEX, line_key, write
from featurelens.jobs.queue.layer_index import of_layer
from featurelens.jobs.queue.record import opening, record_key
from featurelens.jobs.queue.records import ENDED_EXPIRY, IN_FLIGHT_EXPIRY, Records
from featurelens.jobs.queue.router import Demand
from featurelens.jobs.spec.visualization import VisualizationSpec

DEMAND = Demand("a lane", "visualization", ("network sha256:0 6",), 1000)
KEY = "fv1_" + "a" * 64
SPEC = VisualizationSpec(model="m", layer="l", channel=1, size=(64, 64), steps=10)

LAYER = of_layer("m", "l")


@pytest.fixture
def records(redis: Redis) -> Records:
    open_record(redis, "first")
    return Records(redis)


def open_record(redis: Redis, attempt: str) -> None:
    redis.delete(record_key(KEY))
    redis.hset(record_key(KEY), mapping=cast("Any", opening(KEY, SPEC, "sha256:0", attempt, "featurelens", DEMAND)))


def status(records: Records) -> str:
    record = records.read(KEY)
    assert record is not None
    return record.public_status


def test_success(records: Records, redis: Redis) -> None:
    record = records.start(KEY, "first", "x")
    assert record is not None
    assert (record.spec, record.digest, record.status) == (SPEC, "sha256:0", "running")
    assert records.progress(KEY, "first", "x", "rendering", 3, 1.5)
    seen = records.read(KEY)
    assert seen is not None
    assert (seen.stage, seen.step, seen.steps, seen.score) == ("rendering", 3, 10, 1.5)
    assert records.commit(KEY, "first", "x")
    assert status(records) == "running"
    assert not records.cancel(KEY, "first")
    assert records.succeed(KEY, "first", "x")
    assert status(records) == "succeeded"
    assert 0 < redis.ttl(record_key(KEY)) <= ENDED_EXPIRY


def test_pulse(records: Records) -> None:
    """Every move changes it, one that repeats what was said included; what is no move does not."""
    pulses = [records.pulse(KEY)]
    assert records.start(KEY, "first", "x")
    pulses.append(records.pulse(KEY))
    for _ in range(2):
        assert records.progress(KEY, "first", "x", "rendering", 3, 1.5)
        pulses.append(records.pulse(KEY))
    assert len(set(pulses)) == len(pulses)
    assert not records.progress(KEY, "first", "y", "rendering", 3, 1.5)
    assert records.pulse(KEY) == pulses[-1]


def test_only_what_is_leased_starts(records: Records, redis: Redis) -> None:
    redis.zadd("leases", {"first:x": 1})
    assert records.start(KEY, "first", "y", "leases") is None
    assert status(records) == "queued"
    assert records.start(KEY, "first", "x", "leases")
    assert records.owed(KEY, "first")
    assert not records.owed(KEY, "second")


def test_what_is_in_flight_outlives_jumps_of_a_clock(records: Records, redis: Redis) -> None:
    assert records.start(KEY, "first", "x")
    assert redis.ttl(record_key(KEY)) > 30 * 24 * 3600
    assert records.fail(KEY, "first", RenderFailed("no"), "x")
    assert 0 < redis.ttl(record_key(KEY)) <= ENDED_EXPIRY
    assert not records.owed(KEY, "first")


def test_nothing_succeeds_after_cancel(records: Records) -> None:
    assert records.start(KEY, "first", "x")
    assert records.cancel(KEY, "first")
    assert status(records) == "cancelling"
    assert not records.progress(KEY, "first", "x", "rendering", 3, 1.5)
    assert not records.commit(KEY, "first", "x")
    assert not records.succeed(KEY, "first", "x")
    assert records.start(KEY, "first", "y") is None
    assert records.cancelled(KEY, "first")
    assert status(records) == "cancelled"


def test_cancelled_while_queued_never_starts(records: Records) -> None:
    assert records.cancel(KEY, "first")
    assert status(records) == "cancelled"
    assert records.start(KEY, "first", "x") is None


def test_a_replaced_attempt_moves_nothing(records: Records, redis: Redis) -> None:
    assert records.start(KEY, "first", "x")
    open_record(redis, "second")
    assert records.start(KEY, "first", "y") is None
    assert not records.progress(KEY, "first", "x", "rendering", 3, None)
    assert not records.commit(KEY, "first", "x")
    assert not records.fail(KEY, "first", RenderFailed("no"))
    assert not records.cancel(KEY, "first")
    assert not records.requeue(KEY, "first")
    assert status(records) == "queued"


def test_a_replaced_execution_moves_nothing(records: Records) -> None:
    assert records.start(KEY, "first", "x")
    assert records.requeue(KEY, "first")
    assert status(records) == "queued"
    assert records.start(KEY, "first", "y")
    assert not records.progress(KEY, "first", "x", "rendering", 9, None)
    assert not records.commit(KEY, "first", "x")
    assert not records.fail(KEY, "first", RenderFailed("no"), "x")
    assert records.commit(KEY, "first", "y")


def test_failure_says_why(records: Records) -> None:
    assert records.start(KEY, "first", "x")
    assert records.fail(KEY, "first", RenderFailed("because"), "x")
    record = records.read(KEY)
    assert record is not None
    assert (record.status, record.error_code, record.error_detail) == ("failed", "render-failed", "because")
    assert record.finished is not None


def test_numbers_that_are_none_are_not_shown(records: Records) -> None:
    assert records.start(KEY, "first", "x")
    assert records.progress(KEY, "first", "x", "rendering", 3, float("nan"))
    record = records.read(KEY)
    assert record is not None
    assert record.score is None


def test_wiped(records: Records, redis: Redis) -> None:
    redis.flushall()
    assert records.start(KEY, "first", "x") is None
    assert not records.progress(KEY, "first", "x", "rendering", 1, None)
    assert not redis.exists(record_key(KEY)), "a move must not bring back half a record"


MOVES = ["start", "progress", "commit", "succeed", "fail", "requeue", "cancel", "cancelled"]


@given(st.lists(st.tuples(st.sampled_from(MOVES), st.sampled_from("xy")), max_size=25))
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order(redis: Redis, moves: list[tuple[str, str]]) -> None:
    """Whatever is tried in whatever order: ended stays ended, and asked to stop never succeeds."""
    open_record(redis, "first")
    records = Records(redis)
    stopped = ended = False
    for move, execution in moves:
        before = status(records)
        match move:
            case "start":
                records.start(KEY, "first", execution)
            case "progress":
                records.progress(KEY, "first", execution, "rendering", 1, 0.5)
            case "fail":
                records.fail(KEY, "first", RenderFailed("no"), execution)
            case "commit" | "succeed":
                getattr(records, move)(KEY, "first", execution)
            case _:
                stopped |= getattr(records, move)(KEY, "first") and move == "cancel"
        after = status(records)
        assert not ended or after == before
        ended = after in {"succeeded", "failed", "cancelled"}
        assert not (stopped and after not in {"cancelling", "cancelled"})


def end_many(redis: Redis, count: int, spec: VisualizationSpec = SPEC, first: int = 0) -> list[str]:
    """Asked for and cancelled, one after the other."""
    records = Records(redis)
    keys = [f"fv1_{number:064x}" for number in range(first, first + count)]
    for key in keys:
        with redis.pipeline() as pipe:
            fields = opening(key, spec, "sha256:0", "first", "featurelens", DEMAND)
            pipe.hset(record_key(key), mapping=cast("Any", fields))
            write(pipe, key, spec, datetime.now(UTC), "queued", IN_FLIGHT_EXPIRY)
            pipe.execute()
        assert records.cancel(key, "first")
    return keys


def test_so_many_cancelled_records_and_no_more(redis: Redis) -> None:
    """The oldest go, with their lines and places in the index; one that has been asked for again stays."""
    keys = end_many(redis, KEPT)
    assert len(redis.keys("featurelens:line:*")) == redis.zcard(INDEX) == redis.zcard(LAYER) == KEPT
    redis.hset(record_key(keys[0]), "status", "queued")
    for attempt in ("second", "third", "fourth"):
        open_record(redis, attempt)
        redis.rename(record_key(KEY), record_key(f"fv1_{attempt:0>64}"))
        assert Records(redis).cancel(f"fv1_{attempt:0>64}", attempt)
    left = [redis.exists(record_key(key)) for key in keys[:5]]
    assert left == [1, 0, 0, 1, 1]
    assert redis.zscore(INDEX, keys[1]) is None
    assert redis.zscore(LAYER, keys[1]) is None
    assert len(redis.keys("featurelens:line:*")) == KEPT - 2


def test_what_has_expired_before_it_is_forgotten_leaves_nothing(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless it has been made meanwhile: then its line stays for ever."""
    keys = end_many(redis, 4)
    others = {f"0 {record_key(f'fv1_{number:064x}')}": time.time() + 60 for number in range(10, KEPT + 6)}
    redis.zadd("featurelens:fruitless", others)
    redis.delete(*(made(key) for key in keys[:2] for made in (record_key, line_key)))
    redis.delete(record_key(keys[2]))
    redis.hset(line_key(keys[2]), "status", "succeeded")
    end_many(redis, 3, first=KEPT)
    for place in (INDEX, LAYER):
        assert [redis.zscore(place, key) is None for key in keys[:4]] == [True, True, False, False]


def test_so_many_bytes_of_cancelled_records_and_no_more(redis: Redis) -> None:
    """A direction of the widest layers is two thirds of a megabyte."""
    vector = [0.123456789] * 65_536
    wide = VisualizationSpec.model_validate(
        {"model": "m", "layer": "l", "objective": {"type": "direction", "vector": vector}}
    )
    keys = end_many(redis, 60, wide)
    size = len(wide.model_dump_json())
    kept = [key for key in keys if redis.exists(record_key(key))]
    assert kept == keys[-(KEPT_BYTES // size) :]
    assert redis.zrange(INDEX, 0, -1) == [key.encode() for key in kept]
    assert len(redis.keys("featurelens:line:*")) == len(kept)
