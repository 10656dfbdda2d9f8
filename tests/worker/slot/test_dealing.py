"""Jobs of renderers that are gone are dealt out, idle ones take some, and no job is ever in two places or none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest
from redis import Redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from featurelens.jobs.kinds.base import QUEUE, QUEUES, SWEEP_QUEUE
from featurelens.jobs.queue.aside import aside
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.liveness import BEATS, EXPIRY, renderer_key
from featurelens.jobs.queue.queues import ids
from featurelens.jobs.queue.record import record_key
from featurelens.jobs.queue.renderers import LATE
from featurelens.jobs.queue.ticket import Wanted
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.worker.slot.dealing import Dealing
from featurelens.worker.slot.lease import Leases
from featurelens.worker.slot.recovery import LEASE
from featurelens.worker.slot.slot_job import SlotJob
from tests.support.dealt import NEEDS, ask, dealing
from tests.support.renderers import appear, leave, vanish


@pytest.fixture
def jobs(redis: Redis) -> JobQueue:
    return JobQueue(redis)


def where(jobs: JobQueue, keys: list[str]) -> list[str | None]:
    """The queue of each, as its record, RQ's job and the queue itself say alike."""
    found: list[str | None] = []
    for key in keys:
        ticket = jobs.find(key)
        assert ticket is not None
        name, attempt = ticket.record.queue, ticket.record.attempt
        job = Job.fetch(attempt, connection=jobs._redis, serializer=JSONSerializer)
        assert job.origin == name
        places = [other for other in jobs.names() if attempt in jobs.of(other).job_ids]
        assert places == [name]
        found.append(name)
    return found


def test_one_that_leaves_hands_over_at_once(redis: Redis, jobs: JobQueue) -> None:
    appear(redis, "a.0", holds=NEEDS)
    keys = ask(jobs, 20) + ask(jobs, 3, QUEUE, first=100)
    leave(redis, "a.0")
    appear(redis, "b.0", holds=NEEDS)
    dealing(redis, "b.0").deal_out()
    assert where(jobs, keys) == [f"{SWEEP_QUEUE}@b.0"] * 20 + [f"{QUEUE}@b.0"] * 3
    assert ids(redis) == ["", "b.0"]
    assert jobs.of(f"{SWEEP_QUEUE}@b.0").job_ids == [
        ticket.record.attempt for ticket in map(jobs.find, keys[:20]) if ticket is not None
    ]


def test_the_last_one_leaves_what_waits_to_whoever_comes(redis: Redis, jobs: JobQueue) -> None:
    """In the bare queue, which workers of every version know."""
    appear(redis, "a.0", holds=NEEDS)
    appear(redis, "b.0", holds=NEEDS)
    vanish(redis, "b.0")
    keys = ask(jobs, 300)
    dealing(redis, "a.0", QUEUE).leave()
    assert where(jobs, keys) == [f"{SWEEP_QUEUE}@a.0"] * 300, "those of the other queue are its slots'"
    dealing(redis, "a.0").leave()
    assert where(jobs, keys) == [SWEEP_QUEUE] * 300
    leave(redis, "a.0")
    appear(redis, "c.0", holds=NEEDS)
    while len(jobs.of(SWEEP_QUEUE)):
        dealing(redis, "c.0").deal_out()
    assert where(jobs, keys) == [f"{SWEEP_QUEUE}@c.0"] * 300


def test_one_of_several_leaves_its_queue_to_be_dealt_out(redis: Redis, jobs: JobQueue) -> None:
    appear(redis, "a.0", holds=NEEDS)
    keys = ask(jobs, 4)
    appear(redis, "b.0", holds=NEEDS)
    dealing(redis, "a.0").leave()
    assert where(jobs, keys) == [f"{SWEEP_QUEUE}@a.0"] * 4


def test_one_that_is_killed_within_a_lease(redis: Redis, jobs: JobQueue, clock: list[float]) -> None:
    appear(redis, "a.0", holds=NEEDS)
    keys = ask(jobs, 4)
    appear(redis, "b.0", holds=NEEDS)
    vanish(redis, "a.0")
    other = dealing(redis, "b.0")
    while clock[0] < LEASE:
        other.deal_out()
        assert where(jobs, keys) == [f"{SWEEP_QUEUE}@a.0"] * 4
        clock[0] += 5
    other.deal_out()
    assert where(jobs, keys) == [f"{SWEEP_QUEUE}@b.0"] * 4


def test_one_that_beats_again_keeps_its_jobs(redis: Redis, jobs: JobQueue, clock: list[float]) -> None:
    appear(redis, "a.0", holds=NEEDS)
    keys = ask(jobs, 4)
    appear(redis, "b.0", holds=NEEDS)
    other = dealing(redis, "b.0")
    for _ in range(10):
        vanish(redis, "a.0")
        other.deal_out()
        clock[0] += 5
        appear(redis, "a.0", holds=NEEDS)
        other.deal_out()
        clock[0] += 5
    assert where(jobs, keys) == [f"{SWEEP_QUEUE}@a.0"] * 4


def test_what_it_had_in_the_making_goes_on_elsewhere(redis: Redis, jobs: JobQueue, clock: list[float]) -> None:
    """A job that is leased to a slot of another machine, and one on its way there."""
    appear(redis, "a.0", holds=NEEDS)
    keys = ask(jobs, 3)
    theirs = Queue(f"{SWEEP_QUEUE}@a.0", connection=redis, serializer=JSONSerializer, job_class=SlotJob)
    for leased in (True, False):
        taken = redis.lmove(theirs.key, theirs.intermediate_queue_key, "LEFT", "RIGHT")
        assert isinstance(taken, bytes)
        job = cast(SlotJob, SlotJob.fetch(taken.decode(), connection=redis, serializer=JSONSerializer))
        execution = Leases(theirs).take(job, "a slot") if leased else None
        if execution is not None:
            redis.hset(execution.key, mapping={"host": "elsewhere", "process": "1:1", "parent": "1:1"})
    leave(redis, "a.0")
    appear(redis, "b.0", holds=NEEDS)
    other = dealing(redis, "b.0")
    for _ in range(6):
        other.deal_out()
        clock[0] += 5
    other.deal_out()
    assert where(jobs, keys) == [f"{SWEEP_QUEUE}@b.0"] * 3
    assert ids(redis) == ["", "b.0"]


def test_what_nobody_can_do_waits(redis: Redis, jobs: JobQueue) -> None:
    appear(redis, "a.0", holds=NEEDS)
    keys = ask(jobs, 2)
    leave(redis, "a.0")
    appear(redis, "b.0", holds=["network sha256:1 6"])
    dealing(redis, "b.0").deal_out()
    assert where(jobs, keys) == [f"{SWEEP_QUEUE}@a.0"] * 2
    appear(redis, "c.0", holds=NEEDS)
    dealing(redis, "b.0").deal_out()
    assert where(jobs, keys) == [f"{SWEEP_QUEUE}@c.0"] * 2


def test_what_services_of_before_have_queued_is_dealt_out(redis: Redis, jobs: JobQueue) -> None:
    keys = ask(jobs, 3, QUEUE)
    assert where(jobs, keys) == [QUEUE] * 3
    appear(redis, "a.0", holds=NEEDS)
    dealing(redis, "a.0", QUEUE).deal_out()
    assert where(jobs, keys) == [f"{QUEUE}@a.0"] * 3


def test_an_idle_one_takes_the_last_block_of_the_longest_queue(redis: Redis, jobs: JobQueue) -> None:
    appear(redis, "a.0", holds=NEEDS)
    keys = ask(jobs, 40)
    appear(redis, "b.0", holds=NEEDS, sweep_pictures=16)
    assert dealing(redis, "b.0").take() == 16
    assert where(jobs, keys) == [f"{SWEEP_QUEUE}@a.0"] * 24 + [f"{SWEEP_QUEUE}@b.0"] * 16
    assert dealing(redis, "b.0").take() == 0, "it is not idle any more"


def test_an_idle_one_goes_on_to_the_next_queue(redis: Redis, jobs: JobQueue) -> None:
    """The longest has nothing that it can do."""
    appear(redis, "a.0", holds=["network sha256:1 6"])
    spec = VisualizationSpec(model="m", layer="l", channel=1, size=(64, 64), steps=10).completed()
    other = [Wanted(f"fv1_{number:064x}", spec, "sha256:1", ("network sha256:1 6",)) for number in range(500, 540)]
    jobs.submit_all(other, SWEEP_QUEUE)
    appear(redis, "b.0", holds=NEEDS)
    ask(jobs, 20)
    appear(redis, "c.0", holds=NEEDS, sweep_pictures=16)
    assert dealing(redis, "c.0").take() == 10


def test_an_idle_one_takes_nothing_that_it_cannot_do(redis: Redis, jobs: JobQueue) -> None:
    appear(redis, "a.0", holds=NEEDS)
    ask(jobs, 40)
    appear(redis, "b.0", holds=["network sha256:1 6"])
    assert dealing(redis, "b.0").take() == 0


def test_many_at_once_move_each_job_once(redis: Redis, jobs: JobQueue) -> None:
    """Six renderers, all slots at once: some leave, others take; in the end every job waits in exactly one queue."""
    for number in range(6):
        appear(redis, f"w{number}.0", holds=NEEDS)
    keys = ask(jobs, 120) + ask(jobs, 60, QUEUE, "k", first=1000)
    for number in range(3):
        leave(redis, f"w{number}.0")
    slots = [dealing(redis, f"w{number}.0", queue) for number in (3, 4, 5) for queue in QUEUES for _ in range(2)]

    def work(slot: Dealing) -> None:
        for _ in range(5):
            slot.deal_out()
            slot.take()

    with ThreadPoolExecutor(len(slots)) as pool:
        list(pool.map(work, slots))
    assert {name.partition("@")[2] for name in where(jobs, keys) if name} <= {"w3.0", "w4.0", "w5.0"}
    assert len(jobs) == 180


def test_what_nobody_can_do_does_not_hold_up_what_stands_behind(
    redis: Redis, jobs: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("featurelens.worker.slot.dealing.TOGETHER", 4)
    appear(redis, "a.0", holds=["network sha256:1 6", *NEEDS])
    spec = VisualizationSpec(model="m", layer="l", channel=1, size=(64, 64), steps=10).completed()
    alone = [f"fv1_{number:064x}" for number in range(100, 109)]
    jobs.submit_all([Wanted(key, spec, "sha256:1", ("network sha256:1 6",)) for key in alone], SWEEP_QUEUE)
    keys = ask(jobs, 6)
    leave(redis, "a.0")
    appear(redis, "b.0", holds=NEEDS)
    other = dealing(redis, "b.0")
    for _ in range(5):
        other.deal_out()
    assert where(jobs, keys) == [f"{SWEEP_QUEUE}@b.0"] * 6
    assert where(jobs, alone) == [f"{SWEEP_QUEUE}@a.0"] * 9
    appear(redis, "c.0", holds=["network sha256:1 6"])
    for _ in range(5):
        other.deal_out()
    assert where(jobs, alone) == [f"{SWEEP_QUEUE}@c.0"] * 9


def test_what_is_put_into_the_queue_of_one_just_forgotten_is_dealt_out(
    redis: Redis, jobs: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service has chosen the renderer, which leaves and is forgotten before the job is put there."""
    appear(redis, "a.0", holds=NEEDS)
    appear(redis, "b.0", holds=NEEDS)
    other = dealing(redis, "b.0")

    def late(queue: str, demands: list[object]) -> list[str]:
        leave(redis, "a.0")
        other.deal_out()
        assert ids(redis) == ["", "b.0"]
        return [f"{queue}@a.0"] * len(demands)

    monkeypatch.setattr(jobs.router, "places", late)
    keys = ask(jobs, 2)
    monkeypatch.undo()
    other.deal_out()
    assert where(jobs, keys) == [f"{SWEEP_QUEUE}@b.0"] * 2


def test_nothing_is_left_of_one_that_is_forgotten(redis: Redis, jobs: JobQueue, clock: list[float]) -> None:
    appear(redis, "a.0", holds=NEEDS)
    ask(jobs, 1)
    appear(redis, "b.0", holds=NEEDS)
    vanish(redis, "a.0")
    redis.delete(*(f"rq:worker:a.0-{queue}" for queue in QUEUES))
    other = dealing(redis, "b.0")
    for _ in range(6):
        other.deal_out()
        clock[0] += 5
    assert redis.keys("*a.0*") == [b"featurelens:renderer:a.0:figures"], "it expires"
    assert redis.hkeys(BEATS) == [b"b.0"]
    assert not any(b"a.0" in name for name in redis.smembers("rq:queues"))


def test_one_that_is_late_takes_nothing(redis: Redis, jobs: JobQueue) -> None:
    appear(redis, "a.0", holds=NEEDS)
    ask(jobs, 40)
    appear(redis, "b.0", holds=NEEDS)
    redis.expire(renderer_key("b.0"), EXPIRY - LATE - 1)
    assert dealing(redis, "b.0").take() == 0


def test_an_idle_one_takes_what_another_version_has_set_aside(redis: Redis, jobs: JobQueue) -> None:
    appear(redis, "old.0", holds=NEEDS)
    keys = ask(jobs, 3)
    theirs = jobs.of(f"{SWEEP_QUEUE}@old.0")
    while redis.lmove(theirs.key, aside(theirs.name), "LEFT", "RIGHT"):
        pass
    appear(redis, "a.0", holds=["network sha256:1 6"])
    assert dealing(redis, "a.0").take() == 0, "it cannot do them"
    appear(redis, "new.0", holds=NEEDS)
    redis.hset(record_key(keys[2]), "spec", '{"of": "a newer one"}')
    assert dealing(redis, "new.0").take() == 2
    assert where(jobs, keys[:2]) == [f"{SWEEP_QUEUE}@new.0"] * 2
    assert redis.llen(aside(theirs.name)) == 1, "nobody understands it"


def taken(redis: Redis, jobs: JobQueue, key: str) -> SlotJob:
    """By a slot of its queue, which has no lease yet."""
    ticket = jobs.find(key)
    assert ticket is not None
    queue = jobs.of(str(ticket.record.queue))
    redis.lrem(queue.key, 1, ticket.record.attempt)
    redis.lpush(queue.intermediate_queue_key, ticket.record.attempt)
    return fetched(redis, ticket.record.attempt)


def fetched(redis: Redis, attempt: str) -> SlotJob:
    return cast("SlotJob", SlotJob.fetch(attempt, connection=redis, serializer=JSONSerializer))


def test_what_is_taken_for_a_renderer_that_is_gone_is_handed_on(redis: Redis, jobs: JobQueue) -> None:
    """Its slots live and would hold a job each, for as long as it does not start."""
    appear(redis, "a.0", holds=NEEDS)
    keys = ask(jobs, 3)
    held = taken(redis, jobs, keys[0])
    appear(redis, "b.0", holds=NEEDS)
    slot = dealing(redis, "a.0")
    assert not slot.pass_on(held), "it lives"
    vanish(redis, "b.0")
    vanish(redis, "a.0")
    assert not slot.pass_on(held), "nobody else does"
    appear(redis, "b.0", holds=NEEDS)
    assert slot.pass_on(held)
    assert where(jobs, keys) == [f"{SWEEP_QUEUE}@b.0", f"{SWEEP_QUEUE}@a.0", f"{SWEEP_QUEUE}@a.0"]
    assert redis.llen(jobs.of(f"{SWEEP_QUEUE}@a.0").intermediate_queue_key) == 0
    assert not slot.pass_on(held), "it is not there any more"


def test_what_was_lost_on_one_is_tried_on_another(redis: Redis, jobs: JobQueue) -> None:
    appear(redis, "a.0", holds=NEEDS)
    (key,) = ask(jobs, 1)
    ticket = jobs.find(key)
    assert ticket is not None
    job = fetched(redis, ticket.record.attempt)
    assert not dealing(redis, "a.0").elsewhere(job)
    appear(redis, "b.0", holds=NEEDS)
    assert dealing(redis, "a.0").elsewhere(job)
    assert where(jobs, [key]) == [f"{SWEEP_QUEUE}@b.0"]


def test_the_last_worker_may_have_several_renderers(redis: Redis, jobs: JobQueue) -> None:
    for id in ("a.0", "a.1"):
        appear(redis, id, holds=NEEDS)
    keys = ask(jobs, 100)
    for id in ("a.0", "a.1"):
        dealing(redis, id).leave()
    assert where(jobs, keys) == [SWEEP_QUEUE] * 100
