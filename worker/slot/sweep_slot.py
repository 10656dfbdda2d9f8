"""The slot for pictures of sweeps: as many at once as suit the device, each in a thread of one process.

A process for each, as single jobs have, costs more than a fast device needs to make the picture. Each picture keeps its
own job, lease, record and end: what this process loses when it dies are the unfinished ones, and stopping one disturbs
no other.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from redis import Redis, RedisError
from redis.client import Pipeline
from rq import Queue
from rq.command import parse_payload
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job

from featurelens.jobs.kinds.base import SWEEP_QUEUE
from featurelens.jobs.logs import logger
from featurelens.jobs.queue import stats
from featurelens.jobs.queue.broker import patiently
from featurelens.jobs.queue.queues import renderer_of
from featurelens.jobs.settings import settings
from featurelens.worker.slot.blame import Blame, judged
from featurelens.worker.slot.slot import HEARTBEAT, Slot
from featurelens.worker.slot.slot_job import SlotJob
from featurelens.worker.slot.stop import Stop

LEAVES_WITHIN = 5.0
"""Seconds in which its pictures are given back when it is told to leave; what is left then is handed back by others."""

OFTEN = 5
"""Heartbeats in the time of one of a slot that waits, at most, however many jobs it takes."""

_STOPS = frozenset({"stop-job", "stop-execution"})


@dataclass(frozen=True, eq=False)
class _Running:
    job: SlotJob
    execution: Execution
    stop: Stop = field(default_factory=Stop)


class SweepSlot(Slot):
    """Takes a job whenever it has a place: `FEATURELENS_SWEEP_SLOTS`, or what the renderer says suits its device."""

    def __init__(self, redis: Redis, renderer: str = "") -> None:
        super().__init__(redis, SWEEP_QUEUE, renderer)
        self._running: dict[str, _Running] = {}
        """By the id of RQ's job."""
        self._changed = threading.Condition()
        self._beaten = self._renewed = -float(HEARTBEAT)
        self._places = 1

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Takes the lease and starts the execution; returns when there is a place for another one."""
        assert isinstance(job, SlotJob)
        execution = self._taken(job)
        if execution is None:
            return
        one = _Running(job, execution)
        with self._changed:
            self._running[job.id] = one
        threading.Thread(target=self._execute, args=(one,), name=job.id, daemon=True).start()
        while not self.leaving:
            with self._changed:
                if len(self._running) < self._places:
                    return
                self._changed.wait(0.5)
            self._maintain()

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """As of any slot, and of the leases of what it does. RQ asks for three with each job, of which few matter."""
        if not self.leaving and time.monotonic() - self._beaten < HEARTBEAT / OFTEN:
            return
        super().heartbeat(timeout, pipeline)
        self._beaten = time.monotonic()
        if time.monotonic() - self._renewed >= HEARTBEAT - 1:
            self._renewed = time.monotonic()
            self._places = settings().sweep_slots or self._suitable()
            for one in list(self._running.values()):
                if not self._leases.renew(one.job, one.execution):
                    one.stop.ask()  # it is another's by now

    def handle_payload(self, message: Any) -> None:
        """A job is stopped alone; there is no work horse to kill."""
        payload = parse_payload(message)
        if payload["command"] not in _STOPS:
            super().handle_payload(message)  # type: ignore[no-untyped-call]
        elif (one := self._running.get(payload.get("job_id", ""))) is not None:
            one.stop.ask()

    def teardown(self) -> None:
        """Gives back what is not finished."""
        with suppress(StopRequested):  # asked to leave, now also by a signal
            for one in list(self._running.values()):
                one.stop.ask()
            deadline = time.monotonic() + LEAVES_WITHIN
            with self._changed:
                while self._running and not (self.leaving and time.monotonic() > deadline):
                    self._changed.wait(0.5)
        super().teardown()  # type: ignore[no-untyped-call]

    def _maintain(self) -> None:
        """What RQ does between two jobs; a broker that is away or refuses stops nothing."""
        try:
            if self.should_run_maintenance_tasks:
                self.heartbeat()
                self.run_maintenance_tasks()
        except RedisError as error:
            logger().warning("heartbeat lost", reason=type(error).__name__)

    def _suitable(self) -> int:
        renderer = stats.renderer(self.connection, renderer_of(self.queues[0].name))
        return renderer.sweep_pictures if renderer else self._places

    def _execute(self, one: _Running) -> None:
        """Runs in a thread of its own, to the job's end or until it is given back."""
        try:
            lost = self._performed(one)
            if lost is not None:
                self._give_back(one.job, one.execution, lost._replace(blamed=lost.blamed and not one.stop.asked))
        finally:
            with self._changed:
                del self._running[one.job.id]
                self._changed.notify_all()

    def _performed(self, one: _Running) -> Blame | None:
        """Why the job is not done; None: it is, or it is none of ours any more."""
        job, execution = one.job, one.execution
        job.execution = execution.id
        try:
            if not patiently(lambda: self._leases.begin(job, execution, self.name)):
                return None
            job.func(*job.args, stop=one.stop)
            return None if self._finished(job, execution) else Blame()
        except Exception as error:  # noqa: BLE001  # whatever it is, the job is given back
            return judged(job.id, error)
