"""One slot: an RQ worker process that forks per job, imports no torch and executes one function only.

As many jobs are in progress as there are slots. A slot that dies loses nothing: its socket closes, the renderer drops
the job, and another slot returns it to the queue.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, cast

from redis import Redis
from redis.client import Pipeline
from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker_registration import register

from featurelens.jobs.errors import FeaturelensError, RenderFailed
from featurelens.jobs.kinds.base import QUEUE
from featurelens.jobs.logs import logger
from featurelens.jobs.queue.broker import LOST
from featurelens.jobs.queue.job_queue import EXECUTIONS, TASK, TASKS
from featurelens.jobs.queue.records import Records
from featurelens.worker.slot.recovery import Recovery
from featurelens.worker.slot.task import execute

HEARTBEAT = 5
"""Seconds between two heartbeats of a slot, busy or idle."""

EXPIRY = 20
"""Seconds without a heartbeat after which a slot counts as dead: three heartbeats may be lost."""

HANG = 45
"""Seconds without a report after which a work horse counts as hung; it reports in every silence of the renderer."""

_RQ_MARGIN = 15
"""RQ blocks on an empty queue for its `worker_ttl` less this."""

_PR_SET_PDEATHSIG = 1


class SlotJob(Job):
    """A job that executes the task only: other functions, callbacks and webhooks named in Redis are ignored."""

    @property
    def func(self) -> Callable[[str, str], None]:
        """The task; raises PermissionError for any other name."""
        if self.func_name not in TASKS or self.instance is not None:
            raise PermissionError(f"a slot executes {TASK} only")
        return execute

    @property
    def success_callback(self) -> None:
        """None is run."""

    @property
    def failure_callback(self) -> None:
        """None is run."""

    @property
    def stopped_callback(self) -> None:
        """None is run."""

    def send_webhooks(self, status: Any, *, exc_string: str | None = None) -> None:
        """None is sent."""

    @property
    def task(self) -> tuple[str, str] | None:
        """(key, attempt), or None when the job does not execute the task."""
        arguments = tuple(self.args or ())
        ours = self.func_name in TASKS and len(arguments) == 2 and all(isinstance(one, str) for one in arguments)
        return arguments if ours else None


class Slot(Worker):
    """RQ's forking worker; deaths are noticed within seconds, and records follow the end of each execution."""

    job_class = SlotJob
    max_connection_wait_time = 2.0
    log_result_lifespan = False

    def __init__(self, redis: Redis, name: str = QUEUE) -> None:
        queue = Queue(name, connection=redis, serializer=JSONSerializer, job_class=SlotJob)
        super().__init__(
            [queue],
            connection=redis,
            serializer=JSONSerializer,
            worker_ttl=_RQ_MARGIN + HEARTBEAT,
            job_monitoring_interval=HEARTBEAT,
            maintenance_interval=HEARTBEAT - 1,
            log_job_description=False,
        )
        self._records = Records(redis)
        self._recovery = Recovery(queue, self.name, lambda job, execution: self._hand_back(job, queue, execution))
        self._silent: str | None = None
        self._leaving = False
        self._reason: FeaturelensError | None = None

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Expires after `EXPIRY`, not RQ's `timeout`; registers anew, in case the broker has been wiped."""
        super().heartbeat(EXPIRY, pipeline=pipeline)
        broker = pipeline if pipeline is not None else self.connection
        broker.hset(self.key, mapping=self.serialize())
        register(self, cast(Pipeline, broker))

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:
        """Seconds until an execution without a heartbeat counts as abandoned."""
        return EXPIRY

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        """Sends heartbeats while a job runs; a broker that is away does not stop it."""
        try:
            super().maintain_heartbeats(job, execution)
            self._recovery.hand_back_lost()
            self._check_horse(job)
        except LOST as error:
            self._silent = None
            logger().warning("heartbeat lost", reason=type(error).__name__)

    def run_maintenance_tasks(self) -> None:
        """Runs `Recovery` between jobs, then RQ's cleaning of its registries."""
        for job in self._recovery.hand_back_lost():
            logger().warning("job of a dead slot handed back", attempt=job)
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """Runs the work horse, which dies with its slot, so that its socket closes and its row in the lane is free."""
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self.pid:
            os._exit(1)
        super().main_work_horse(job, queue)

    def kill_horse(self, sig: signal.Signals = signal.SIGKILL) -> None:
        """Kills the work horse only. RQ kills its process group, the slot's own until the horse has left it."""
        try:
            if self.horse_pid:
                os.kill(self.horse_pid, sig)
        except ProcessLookupError:
            return

    def _check_horse(self, job: Job) -> None:
        """Kills a work horse that two checks found silent: while the broker was away it could not report either."""
        task = job.task if isinstance(job, SlotJob) else None
        silent = task is not None and self._records.idle(task[0]) > HANG
        if silent and self._silent == job.id:
            logger().error("the work horse hangs, killed", attempt=job.id, seconds=HANG)
            self.kill_horse()
        self._silent = job.id if silent else None

    def handle_warm_shutdown_request(self) -> None:
        """Gives up the running job at once; another slot will do it."""
        self._leaving = True
        self.kill_horse()

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Runs in the work horse: keeps the reason, if it may be shown to clients."""
        error: BaseException | TracebackType | None = exc_info[1]
        self._reason = error if isinstance(error, FeaturelensError) else None
        if self._reason is None:
            logger().error("execution failed", attempt=job.id, exc_info=exc_info)
        else:
            logger().warning("execution lost", attempt=job.id, detail=self._reason.detail)

    def handle_job_failure(self, job: Job, *args: Any, **kwargs: Any) -> None:
        """Called for every lost execution. The record moves first: after a crash in between recovery repeats it."""
        if self._leaving and self._stopped_job_id != job.id:
            job.retries_left = (job.retries_left or 0) + 1
        task = job.task if isinstance(job, SlotJob) else None
        if task is not None:
            self._follow(job, *task)
        super().handle_job_failure(job, *args, **kwargs)

    def _follow(self, job: Job, key: str, attempt: str) -> None:
        if self._stopped_job_id == job.id and self._records.cancelled(key, attempt):
            return
        if job.should_retry and self._stopped_job_id != job.id:
            self._records.requeue(key, attempt)
            return
        reason = self._reason.detail if self._reason else "the process that made it died or failed"
        self._records.fail(key, attempt, RenderFailed(f"given up after {EXECUTIONS} executions: {reason}"))

    def _hand_back(self, job: Job, queue: Queue, execution: Execution | None) -> None:
        self._reason = None
        self.handle_job_failure(job, queue=queue, exc_string="the slot died", execution=execution)
