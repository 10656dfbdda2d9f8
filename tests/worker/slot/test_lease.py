"""Of two who believe that a job is theirs, one finds that it is not, and moves nothing."""

from __future__ import annotations

from typing import cast

import pytest
from redis import Redis
from rq import Queue
from rq.executions import Execution
from rq.serializers import JSONSerializer

from featurelens.jobs.kinds.base import QUEUE
from featurelens.jobs.queue.job_queue import EXECUTIONS, JobQueue
from featurelens.jobs.queue.record import Record
from featurelens.jobs.queue.records import Records
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.worker.slot.lease import Leases
from featurelens.worker.slot.slot_job import SlotJob

KEY = "fv1_" + "a" * 64
SPEC = VisualizationSpec(model="m", layer="l", channel=1, size=(64, 64), steps=10)


class Table:
    """One accepted job, and what a slot has."""

    def __init__(self, redis: Redis) -> None:
        self.jobs = JobQueue(redis)
        self.records = Records(redis)
        self.queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer, job_class=SlotJob)
        self.leases = Leases(self.queue)
        self.attempt = self.jobs.submit(KEY, SPEC, "sha256:0").record.attempt

    def pick(self) -> SlotJob:
        """As RQ does it."""
        self.queue.connection.lmove(self.queue.key, self.queue.intermediate_queue_key)
        return self.job()

    def job(self) -> SlotJob:
        fetched = SlotJob.fetch(self.attempt, connection=self.queue.connection, serializer=JSONSerializer)
        return cast(SlotJob, fetched)

    def started(self) -> tuple[SlotJob, Execution]:
        """A job on its way, as its slot knows it."""
        job = self.pick()
        execution = self.leases.take(job, "slot")
        assert execution is not None
        assert self.leases.begin(job, execution, "slot")
        assert self.records.start(KEY, self.attempt, execution.id, self.leases.registry)
        return job, execution

    @property
    def record(self) -> Record:
        found = self.jobs.find(KEY)
        assert found is not None
        return found.record


@pytest.fixture
def table(redis: Redis) -> Table:
    return Table(redis)


def test_two_who_picked_the_same(table: Table) -> None:
    first, second = table.pick(), table.job()
    assert table.leases.take(first, "one") is not None
    assert table.leases.take(second, "two") is None


def test_handed_back_before_it_was_taken(table: Table) -> None:
    job = table.pick()
    assert table.leases.give_back(table.job(), None, blamed=False, reason="")
    assert table.leases.take(job, "late") is None
    assert len(table.jobs) == 1


def test_a_late_horse_moves_nothing(table: Table) -> None:
    """Neither before another has begun nor after; in the end the other one finishes."""
    job, execution = table.started()
    assert table.leases.give_back(table.job(), execution, blamed=False, reason="")
    for _ in range(2):
        assert not table.leases.renew(job, execution)
        assert not table.leases.begin(job, execution, "late")
        assert not table.leases.finish(job, execution)
        assert not table.leases.cancel(job, execution)
        assert not table.leases.give_back(job, execution, blamed=True, reason="")
        assert not table.records.start(KEY, table.attempt, execution.id, table.leases.registry)
        assert not table.records.commit(KEY, table.attempt, execution.id)
        if table.record.status == "queued":
            other, its = table.started()
    assert table.records.commit(KEY, table.attempt, its.id)
    assert table.records.succeed(KEY, table.attempt, its.id)
    assert table.leases.finish(other, its)
    assert table.record.status == "succeeded"
    assert not table.queue.connection.keys(f"rq:*{table.attempt}*")


@pytest.mark.parametrize("blamed", [True, False])
def test_given_up_after_what_it_is_blamed_for(table: Table, blamed: bool) -> None:
    for _ in range(EXECUTIONS):
        assert table.record.status == "queued"
        _, execution = table.started()
        assert table.leases.give_back(table.job(), execution, blamed=blamed, reason="because")
    record = table.record
    assert record.status == ("failed" if blamed else "queued")
    assert (record.error_detail or "").endswith("because") is blamed
