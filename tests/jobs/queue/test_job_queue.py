"""One attempt in flight per key, whoever asks, however many at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

from featurelens.jobs.errors import OtherVersion, RenderFailed
from featurelens.jobs.kinds.base import QUEUE
from featurelens.jobs.queue.job_queue import EXECUTIONS, TASK, JobQueue
from featurelens.jobs.queue.record import record_key
from featurelens.jobs.queue.records import Records
from featurelens.jobs.queue.ticket import Ticket
from featurelens.jobs.spec.visualization import VisualizationSpec
from tests.support.renderers import appear, vanish

KEY = "fv1_" + "a" * 64
SPEC = VisualizationSpec(model="m", layer="l", channel=1, size=(64, 64), steps=10)


@pytest.fixture
def queue(redis: Redis) -> JobQueue:
    return JobQueue(redis)


def test_a_fresh_one(queue: JobQueue, redis: Redis) -> None:
    ticket = queue.submit(KEY, SPEC, "sha256:0")
    assert (ticket.fresh, ticket.position, ticket.record.status) == (True, 1, "queued")
    job = Job.fetch(ticket.record.attempt, connection=redis, serializer=JSONSerializer)
    assert (job.func_name, job.args, job.retries_left) == (TASK, [KEY, ticket.record.attempt], EXECUTIONS - 1)
    found = queue.find(KEY)
    assert found is not None
    assert (found.record, found.position) == (ticket.record, 1)


def test_a_hundred_at_once(broker: str, queue: JobQueue) -> None:
    with ThreadPoolExecutor(50) as pool:
        tickets = list(pool.map(lambda _: queue.submit(KEY, SPEC, "sha256:0"), range(100)))
    assert sum(ticket.fresh for ticket in tickets) == 1
    assert len({ticket.record.attempt for ticket in tickets}) == 1
    assert len(queue) == 1
    found = queue.find(KEY)
    assert found is not None
    assert found.record.askers == 100


def test_positions(queue: JobQueue) -> None:
    keys = [f"fv1_{number:064x}" for number in range(3)]
    assert [queue.submit(key, SPEC, "sha256:0").position for key in keys] == [1, 2, 3]
    assert [queue.submit(key, SPEC, "sha256:0").position for key in keys] == [1, 2, 3]


def test_unknown(queue: JobQueue) -> None:
    assert queue.find(KEY) is None
    assert queue.join(KEY) is None


@pytest.mark.parametrize("ending", ["fail", "cancel", "cancelling"])
def test_again_after_the_end(queue: JobQueue, redis: Redis, ending: str) -> None:
    first = queue.submit(KEY, SPEC, "sha256:0")
    records = Records(redis)
    if ending == "fail":
        records.fail(KEY, first.record.attempt, RenderFailed("no"))
    else:
        if ending == "cancelling":
            assert records.start(KEY, first.record.attempt, "x")
        assert records.cancel(KEY, first.record.attempt)
    assert queue.join(KEY) is None
    second = queue.submit(KEY, SPEC, "sha256:0")
    assert second.fresh
    assert second.record.attempt != first.record.attempt
    assert second.record.error_code is None


@pytest.mark.parametrize("asked", ["find", "submit", "find_all"])
def test_a_job_that_vanished_is_queued_again(queue: JobQueue, redis: Redis, asked: str) -> None:
    """Whoever looks; it is the same attempt, and never told as failed."""
    first = queue.submit(KEY, SPEC, "sha256:0")
    if asked != "find":
        assert Records(redis).start(KEY, first.record.attempt, "x")
    queue.of(QUEUE).empty()  # type: ignore[no-untyped-call]
    found: Ticket | OtherVersion | None
    match asked:
        case "find":
            found = queue.find(KEY)
        case "submit":
            found = queue.submit(KEY, SPEC, "sha256:0")
        case _:
            _, found = queue.find_all([f"fv1_{1:064x}", KEY])
    assert isinstance(found, Ticket)
    assert (found.record.status, found.record.attempt) == ("queued", first.record.attempt)
    assert (found.position, found.record.askers) == (1, 2 if asked == "submit" else 1)
    assert len(queue) == 1
    assert not Records(redis).progress(KEY, first.record.attempt, "x", "rendering", 1, None)


def test_a_job_that_vanished_while_it_was_cancelled(queue: JobQueue, redis: Redis) -> None:
    first = queue.submit(KEY, SPEC, "sha256:0")
    assert Records(redis).start(KEY, first.record.attempt, "x")
    assert Records(redis).cancel(KEY, first.record.attempt)
    queue.of(QUEUE).empty()  # type: ignore[no-untyped-call]
    for _ in range(2):
        found = queue.find(KEY)
        assert found is not None
        assert found.record.status == "cancelled"
    assert len(queue) == 0


def test_wiped(queue: JobQueue, redis: Redis) -> None:
    queue.submit(KEY, SPEC, "sha256:0")
    redis.flushall()
    assert queue.find(KEY) is None
    assert queue.submit(KEY, SPEC, "sha256:0").fresh


def test_records_expire(queue: JobQueue, redis: Redis) -> None:
    queue.submit(KEY, SPEC, "sha256:0")
    assert redis.ttl(record_key(KEY)) > 0


def test_a_job_that_vanished_from_a_queue_that_was_kept_waits_once(queue: JobQueue, redis: Redis) -> None:
    """The renderer that would get it now is another one."""
    appear(redis, "a.0")
    attempt = queue.submit(KEY, SPEC, "sha256:0").record.attempt
    vanish(redis, "a.0")
    appear(redis, "b.0")
    redis.delete(Job.redis_job_namespace_prefix + attempt)
    assert queue.find(KEY) is not None
    assert {name: queue.of(name).job_ids for name in queue.names(QUEUE)} == {
        QUEUE: [],
        f"{QUEUE}@a.0": [],
        f"{QUEUE}@b.0": [attempt],
    }
