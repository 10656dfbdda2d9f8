"""Jobs that need what nobody holds any more end with the reason, and not before its time."""

from __future__ import annotations

import pytest
from redis import Redis
from rq.job import Job

from featurelens.jobs.errors import NoWorker
from featurelens.jobs.kinds.base import QUEUE, SWEEP_QUEUE
from featurelens.jobs.queue.dealing import Dealings
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.records import Records
from featurelens.worker.slot.dealing import Dealing
from tests.support.dealt import NEEDS, ask, dealing
from tests.support.renderers import appear, leave

OTHERS = ["network sha256:1 6"]
PATIENCE = 120.0


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("featurelens.worker.slot.giving_up.PATIENCE", PATIENCE)


@pytest.fixture
def jobs(redis: Redis) -> JobQueue:
    return JobQueue(redis)


def orphaned(redis: Redis, jobs: JobQueue) -> list[str]:
    """Jobs of a renderer that is gone and was the only one that held their network; another one runs."""
    appear(redis, "a.0", holds=NEEDS)
    keys = [*ask(jobs, 3), *ask(jobs, 1, QUEUE, first=100)]
    leave(redis, "a.0")
    appear(redis, "b.0", holds=OTHERS)
    return keys


def look(slot: Dealing, clock: list[float], seconds: float) -> None:
    end = clock[0] + seconds
    while clock[0] < end:
        slot.deal_out()
        clock[0] += 5


def statuses(jobs: JobQueue, keys: list[str]) -> set[str]:
    return {ticket.record.status for ticket in map(jobs.find, keys) if ticket is not None}


def test_they_end_after_a_time(redis: Redis, jobs: JobQueue, clock: list[float]) -> None:
    keys = orphaned(redis, jobs)
    slot = dealing(redis, "b.0")
    look(slot, clock, PATIENCE)
    assert statuses(jobs, keys) == {"queued"}
    look(slot, clock, 10)
    for key in keys:
        ticket = jobs.find(key)
        assert ticket is not None
        record = ticket.record
        assert (record.status, record.error_code) == ("failed", "no-worker")
        assert record.error_detail == (
            "no worker that is running has network sha256:0 6, and none has had it for 2 minutes"
        )
        assert not Job.exists(record.attempt, redis)
    assert len(jobs) == 0
    assert Dealings(redis).waiting(f"{SWEEP_QUEUE}@a.0", 0, -1) == []


def test_not_while_somebody_holds_it_now_and_then(redis: Redis, jobs: JobQueue, clock: list[float]) -> None:
    """Even one without slots, which cannot be dealt anything."""
    keys = orphaned(redis, jobs)
    slot = dealing(redis, "b.0")
    look(slot, clock, PATIENCE - 10)
    appear(redis, "c.0", slots=(), holds=NEEDS)
    look(slot, clock, 5)
    leave(redis, "c.0")
    look(slot, clock, PATIENCE)
    assert statuses(jobs, keys) == {"queued"}
    look(slot, clock, 10)
    assert statuses(jobs, keys) == {"failed"}


def test_another_outage_is_counted_anew(redis: Redis, jobs: JobQueue, clock: list[float]) -> None:
    orphaned(redis, jobs)
    slot = dealing(redis, "b.0")
    look(slot, clock, PATIENCE - 10)
    appear(redis, "a.0", holds=NEEDS)
    look(slot, clock, 5)
    leave(redis, "a.0")
    look(slot, clock, PATIENCE)
    assert len(jobs) == 4


def test_time_without_a_worker_does_not_count(redis: Redis, jobs: JobQueue, clock: list[float]) -> None:
    keys = orphaned(redis, jobs)
    leave(redis, "b.0")
    look(dealing(redis, "b.0"), clock, 2 * PATIENCE)
    assert statuses(jobs, keys) == {"queued"}


def test_one_that_is_being_made_does_not_end(redis: Redis, jobs: JobQueue) -> None:
    """A slot has taken it since it was looked at."""
    keys = orphaned(redis, jobs)
    dealings = Dealings(redis)
    (one, *_) = dealings.waiting(f"{SWEEP_QUEUE}@a.0", 0, -1)
    assert Records(redis).start(keys[0], one.attempt, "x")
    assert not dealings.end(f"{SWEEP_QUEUE}@a.0", one, NoWorker("no"))
    assert Job.exists(one.attempt, redis)
