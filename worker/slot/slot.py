"""One slot: an RQ worker process that forks per job, imports no torch and executes one function only.

As many jobs are in progress as there are slots. A slot that dies loses nothing: its socket closes, the renderer drops
the job, and another slot returns it to the queue. What becomes of a job is decided by its lease (`worker.slot.lease`).
"""

from __future__ import annotations

import os
import signal
import time
from typing import Any, cast

from redis import Redis, RedisError
from redis.client import Pipeline
from rq import Queue, Worker
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker.base import WorkerStatus
from rq.worker_registration import WORKERS_BY_QUEUE_KEY, clean_worker_registry, register

from featurelens.jobs.death_signal import die_with_parent
from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.kinds.base import QUEUE
from featurelens.jobs.logs import logger
from featurelens.jobs.queue.broker import patiently
from featurelens.jobs.queue.deaths import from_outside, oom_kills
from featurelens.jobs.queue.queues import base, queue_of
from featurelens.jobs.queue.records import Records
from featurelens.jobs.silence import Silence
from featurelens.worker.crash_signals import tell_apart
from featurelens.worker.slot.blame import Blame, judged
from featurelens.worker.slot.dealing import Dealing
from featurelens.worker.slot.lease import Leases
from featurelens.worker.slot.recovery import Recovery
from featurelens.worker.slot.slot_job import SlotJob

HEARTBEAT = 5
"""Seconds between two heartbeats of a slot, busy or idle."""

EXPIRY = 20
"""Seconds without a heartbeat after which a slot's registration expires: three heartbeats may be lost."""

HANG = 45
"""Seconds of silence after which a work horse counts as hung; it reports in every silence of the renderer."""

_RQ_MARGIN = 15
"""RQ blocks on an empty queue for its `worker_ttl` less this."""


class Slot(Worker):
    """RQ's forking worker; deaths are noticed within seconds, and a job is moved only by whom it is leased to."""

    job_class = SlotJob
    max_connection_wait_time = 2.0
    log_result_lifespan = False

    def __init__(self, redis: Redis, name: str = QUEUE, renderer: str = "") -> None:
        """Of that one of `QUEUES` which `renderer`, an id or the empty string, has."""
        queue = Queue(queue_of(name, renderer), connection=redis, serializer=JSONSerializer, job_class=SlotJob)
        super().__init__(
            [queue],
            connection=redis,
            serializer=JSONSerializer,
            worker_ttl=_RQ_MARGIN + HEARTBEAT,
            job_monitoring_interval=HEARTBEAT,
            log_job_description=False,
        )
        self._records = Records(redis)
        self._leases = Leases(queue)
        self._recovery = Recovery(queue, self._leases, self.name, HEARTBEAT)
        self._dealing = Dealing(queue, self.name, HEARTBEAT)
        self._maintained = -float(HEARTBEAT)
        self.leaving = False
        self._forget()

    def _forget(self) -> None:
        """What is known of the execution before."""
        self._blame, self._oom_kills = Blame(), oom_kills()
        self._silence = Silence(HEARTBEAT)
        self._hung = False

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Expires after `EXPIRY`, not RQ's `timeout`; registers anew, in case the broker has been wiped.

        Raises `StopRequested`, once more, in a slot that waits and has been told to leave: what the handler of a signal
        raises is lost where Python happens to ignore exceptions.
        """
        if self.leaving and self.get_state() == WorkerStatus.IDLE:
            raise StopRequested
        super().heartbeat(EXPIRY, pipeline=pipeline)
        broker = pipeline if pipeline is not None else self.connection
        broker.hset(self.key, mapping=self.serialize())
        register(self, cast(Pipeline, broker))
        broker.sadd(WORKERS_BY_QUEUE_KEY % base(self.queues[0].name), self.key)  # all of these together

    def register_death(self) -> None:
        """Leaves those that take jobs, too, which it has joined with its heartbeat, and what waits to others."""
        self.connection.srem(WORKERS_BY_QUEUE_KEY % base(self.queues[0].name), self.key)
        super().register_death()  # type: ignore[no-untyped-call]
        if self.leaving:
            self._dealing.leave()

    @property
    def should_run_maintenance_tasks(self) -> bool:
        """Whenever `HEARTBEAT` has passed, by no wall clock: RQ's would stop for hours when that is set back."""
        return time.monotonic() - self._maintained >= HEARTBEAT - 1

    def run_maintenance_tasks(self) -> None:
        """Runs `Recovery` between jobs. RQ's own would take leases away by the wall clock."""
        self._maintained = time.monotonic()
        self._recovery.hand_back_lost()
        self._dealing.deal_out()
        self._dealing.take()
        for name in {self.queues[0].name, base(self.queues[0].name)}:
            clean_worker_registry(Queue(name, connection=self.connection))

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Takes the lease, has a work horse do the job, and watches it."""
        assert isinstance(job, SlotJob)
        self._forget()
        execution = self._taken(job)
        if execution is None:
            return
        self.executions[execution.id] = execution
        self.set_state(WorkerStatus.BUSY)
        self.fork_work_horse(job, queue)
        self.monitor_work_horse(job, queue, execution)
        self.set_state(WorkerStatus.IDLE)

    def _taken(self, job: SlotJob) -> Execution | None:
        """The lease; None: another slot has it, or has to do it: of another version, or of a renderer that lives."""
        try:
            if job.task is not None:
                self._records.read(job.task[0])
        except OtherVersion as error:
            if self._leases.set_aside(job):
                logger().warning("set aside", attempt=job.id, reason=error.detail)
            return None
        execution = None if self._dealing.pass_on(job) else self._leases.take(job, self.name)
        if execution is None:
            logger().info("another slot has it", attempt=job.id)
        return execution

    def monitor_work_horse(self, job: Job, queue: Queue, execution: Execution) -> None:
        """Waits for the horse, whatever the broker does. It keeps its timeout: RQ's here is by the wall clock."""
        job.timeout = -1
        try:
            super().monitor_work_horse(job, queue, execution)
        except RedisError as error:
            logger().warning("the broker went away as the horse ended", attempt=job.id, reason=type(error).__name__)
            self._blame = self._blame._replace(blamed=False)
            patiently(lambda: self.handle_job_failure(job, queue, execution=execution), seconds=None)

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        """Sends heartbeats while a job runs; a broker that is away or refuses does not stop it."""
        assert isinstance(job, SlotJob)
        try:
            self.heartbeat()
            if not self._leases.renew(job, execution):
                logger().warning("the job is another's by now, the work horse is killed", attempt=job.id)
                self.kill_horse()
                return
            self._recovery.hand_back_lost()
            self._dealing.deal_out()
            self._check_horse(job)
        except RedisError as error:
            logger().warning("heartbeat lost", reason=type(error).__name__)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """Runs the work horse, which dies with its slot, so that its socket closes and its row in the lane is free."""
        assert self.pid is not None
        die_with_parent(self.pid)
        tell_apart()
        super().main_work_horse(job, queue)

    def prepare_job_execution(self, job: Job, remove_from_intermediate_queue: bool = False) -> None:
        """Runs in the work horse, which ends at once when the lease is gone already."""
        assert isinstance(job, SlotJob)
        execution = self.execution
        assert execution is not None
        job.execution = execution.id
        if not patiently(lambda: self._leases.begin(job, execution, self.name)):
            os._exit(os.EX_OK)

    def handle_execution_ended(self, job: Job, queue: Queue, heartbeat_ttl: int) -> None:
        """RQ's would write to a job that may be another's by now."""

    def handle_job_success(self, job: Job, queue: Queue, started_job_registry: Any, execution: Execution) -> None:
        """Runs in the work horse: a job whose record has not ended is made again."""
        assert isinstance(job, SlotJob)
        if not self._finished(job, execution):
            self._give_back(job, execution, self._blame)

    def _finished(self, job: SlotJob, execution: Execution) -> bool:
        """Leaves nothing of a job whose record has ended. False: it is still to be made."""
        task = job.task
        if task is not None and patiently(lambda: self._records.owed(*task)):
            return False
        patiently(lambda: self._leases.finish(job, execution))
        return True

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Runs in the work horse: keeps the reason, if it may be shown to clients, and whether the job is to blame."""
        self._blame = judged(job.id, exc_info[1])

    def handle_work_horse_killed(self, job: Job, retpid: int, ret_val: int, rusage: Any) -> None:
        """Runs in the slot: one that was killed from outside says nothing about its job."""
        if ret_val is not None and not self._hung:
            self._blame = Blame(not from_outside(os.waitstatus_to_exitcode(ret_val), self._oom_kills))

    def handle_job_failure(
        self,
        job: Job,
        queue: Queue,
        started_job_registry: Any = None,
        exc_string: str = "",
        execution: Execution | None = None,
    ) -> None:
        """Called for every lost execution, in the work horse or, if that could not, in the slot."""
        assert isinstance(job, SlotJob)
        if execution is not None:
            self.executions.pop(execution.id, None)
        stopped, self._stopped_job_id = self._stopped_job_id == job.id, None
        if stopped and not (job.task is not None and self._records.owed(*job.task)):
            patiently(lambda: self._leases.cancel(job, execution))
        else:
            self._give_back(job, execution, self._blame)

    def _give_back(self, job: SlotJob, execution: Execution | None, blame: Blame) -> None:
        counts = blame.blamed and not self.leaving
        patiently(lambda: self._leases.give_back(job, execution, blamed=counts, reason=blame.reason), seconds=None)
        if counts:
            patiently(lambda: self._dealing.elsewhere(job))

    def kill_horse(self, sig: signal.Signals = signal.SIGKILL) -> None:
        """Kills the work horse only. RQ kills its process group, the slot's own until the horse has left it."""
        try:
            if self.horse_pid:
                os.kill(self.horse_pid, sig)
        except ProcessLookupError:
            return

    def handle_warm_shutdown_request(self) -> None:
        """Gives up the running job at once; another slot will do it."""
        self.leaving = True
        self.kill_horse()

    def _check_horse(self, job: Job) -> None:
        """Kills a work horse that has been silent for too long."""
        task = job.task if isinstance(job, SlotJob) else None
        if task is not None and self._silence.seconds(self._records.pulse(task[0])) > HANG:
            logger().error("the work horse hangs, killed", attempt=job.id, seconds=HANG)
            self._hung = True
            self.kill_horse()
