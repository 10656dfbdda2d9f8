"""Many pictures of a sweep in one process: each with an end of its own."""

from __future__ import annotations

import random
import signal
import sys
import time

import pytest
from redis import Redis

from featurelens.jobs.kinds.base import SWEEP_QUEUE
from featurelens.jobs.queue import liveness
from featurelens.jobs.queue.deaths import GUILTY, announcement
from featurelens.jobs.queue.job_queue import EXECUTIONS
from featurelens.worker.slot.recovery import LEASE
from featurelens.worker.slot.slot import Slot
from featurelens.worker.slot.sweep_slot import SweepSlot
from tests.support.fake_renderer import DIES_ONCE, HANGS_UP, KILLS, QUICK, REFUSES, SLOW
from tests.support.processes import children
from tests.support.wait import until
from tests.support.worker_harness import WorkerHarness

if sys.platform != "linux":
    pytest.skip("slots are watched in /proc", allow_module_level=True)

PLACES = 16


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURELENS_SWEEP_SLOTS", str(PLACES))


def asked(worker: WorkerHarness, count: int, **spec: int) -> list[str]:
    return [worker.ask(queue=SWEEP_QUEUE, **spec) for _ in range(count)]


def test_as_many_at_once_as_there_are_places(worker: WorkerHarness) -> None:
    """Without a process for each."""
    worker.start_renderer()
    keys = asked(worker, PLACES + 4, seed=SLOW, steps=100)
    slot = worker.start_slot(queue=SWEEP_QUEUE)
    until(lambda: sum(worker.rendering(key) for key in keys) == PLACES)
    assert not children(slot.pid)
    assert [worker.record(key).status for key in keys].count("queued") == 4
    for key in keys:
        worker.await_status(key, "succeeded")
        assert worker.noted("asked", key) == 1
    leased = worker.queue.of(SWEEP_QUEUE).started_job_registry
    until(lambda: leased.get_job_ids(cleanup=False) == [], what="the last lease to end, after its record")


def test_one_of_many_is_stopped_at_once(worker: WorkerHarness) -> None:
    """And disturbs no other."""
    worker.start_renderer()
    worker.start_slot(queue=SWEEP_QUEUE)
    keys = asked(worker, PLACES, seed=SLOW, steps=150)
    until(lambda: all(worker.rendering(key) for key in keys))
    begun = time.monotonic()
    assert worker.queue.leave(keys[3]) == "cancelling"
    until(lambda: worker.noted("dropped", keys[3]) == 1)
    assert time.monotonic() - begun < 0.4, "it did not wait for the next report"
    worker.await_status(keys[3], "cancelled", 2)
    for key in keys[:3] + keys[4:]:
        worker.await_status(key, "succeeded")
        assert worker.noted("asked", key) == 1


def test_stopped_at_random_moments(worker: WorkerHarness) -> None:
    """Each ends as its asker was told."""
    chance = random.Random(8)
    worker.start_renderer()
    slot = worker.start_slot(queue=SWEEP_QUEUE)
    told = {}
    for number in range(40):
        (key,) = asked(worker, 1, seed=SLOW if number % 3 else QUICK, steps=4)
        time.sleep(chance.uniform(0, 0.05))
        told[key] = worker.queue.leave(key)
    for key, what in told.items():
        worker.await_status(key, "succeeded" if what == "over" else "cancelled", 30)
        assert (worker.store.get(key) is not None) == (what == "over")
    assert {"cancelled", "cancelling"} <= set(told.values())
    assert slot.poll() is None


def test_a_dead_slot_loses_only_what_is_unfinished(worker: WorkerHarness) -> None:
    worker.start_renderer()
    slot = worker.start_slot(queue=SWEEP_QUEUE)
    quick, slow = asked(worker, 8, seed=QUICK), asked(worker, 8, seed=SLOW, steps=100)
    for key in quick:
        worker.await_status(key, "succeeded")
    until(lambda: all(worker.rendering(key) for key in slow))
    slot.kill()
    slot.wait()
    begun = time.monotonic()
    worker.start_slot(queue=SWEEP_QUEUE)
    until(lambda: all(worker.noted("asked", key) == 2 for key in slow))
    assert time.monotonic() - begun < LEASE
    for key in quick + slow:
        worker.await_status(key, "succeeded")
    assert {worker.noted("asked", key) for key in quick} == {1}


def test_one_that_leaves_gives_back_what_costs_nothing(worker: WorkerHarness) -> None:
    """At the head of the queue, and the process ends soon."""
    worker.start_renderer()
    keys = asked(worker, 4, seed=SLOW, steps=100)
    for _ in range(EXECUTIONS + 1):
        slot = worker.start_slot(queue=SWEEP_QUEUE)
        until(lambda: all(worker.rendering(key) for key in keys))
        slot.send_signal(signal.SIGTERM)
        assert slot.wait(8) == 0
        assert {worker.record(key).status for key in keys} == {"queued"}
    worker.start_slot(queue=SWEEP_QUEUE)
    for key in keys:
        worker.await_status(key, "succeeded")


def test_the_renderer_dies_and_comes_back(worker: WorkerHarness) -> None:
    """All are asked again; none is made twice into the store."""
    renderer = worker.start_renderer()
    worker.start_slot(queue=SWEEP_QUEUE)
    keys = asked(worker, 8, seed=SLOW, steps=60)
    until(lambda: all(worker.rendering(key) for key in keys))
    renderer.kill()
    renderer.wait()
    worker.redis.set(announcement(renderer.pid), GUILTY)
    worker.start_renderer()
    for key in keys:
        worker.await_status(key, "succeeded")
        assert worker.noted("finished", key) == 1


def test_each_has_its_own_failure(worker: WorkerHarness) -> None:
    worker.start_renderer()
    worker.start_slot(queue=SWEEP_QUEUE)
    (refused,) = asked(worker, 1, seed=REFUSES)
    (lost,) = asked(worker, 1, seed=HANGS_UP)
    good = asked(worker, 6, seed=SLOW, steps=20)
    worker.await_status(refused, "failed")
    worker.await_status(lost, "failed", 40)
    assert f"given up after {EXECUTIONS} executions" in (worker.record(lost).error_detail or "")
    for key in good:
        worker.await_status(key, "succeeded")


def test_one_that_kills_renderers_fails_alone(worker: WorkerHarness) -> None:
    """In quarantine at its last execution, which the others do not share."""
    running = [worker.start_renderer()]
    worker.start_slot(queue=SWEEP_QUEUE)
    (killer,) = asked(worker, 1, seed=KILLS)
    good = asked(worker, 3, seed=SLOW, steps=10)
    (once,) = asked(worker, 1, seed=DIES_ONCE)

    def over() -> bool:
        if running[-1].poll() is not None:
            worker.redis.set(announcement(running[-1].pid), GUILTY)
            running.append(worker.start_renderer())
        return worker.record(killer).status == "failed" and all(
            worker.record(key).status == "succeeded" for key in [*good, once]
        )

    until(over, 60, "all have ended")
    assert worker.noted("asked", killer) == EXECUTIONS
    assert liveness.slots_alive(worker.redis, SWEEP_QUEUE) == 1


def test_heartbeats_do_not_come_with_each_job(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    beats: list[int] = []
    monkeypatch.setattr(Slot, "heartbeat", lambda *_: beats.append(1))
    slot = SweepSlot(redis)
    for _ in range(9):
        slot.heartbeat()
    assert len(beats) == 1
    slot.leaving = True
    slot.heartbeat()
    assert len(beats) == 2, "a slot that waits has to hear that it is to leave"
