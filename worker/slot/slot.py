"""One slot: an RQ worker process that forks per job, imports no torch and executes one function only.

As many pictures are in the making as there are slots. A slot that dies loses nothing: its picture leaves the lane as
its socket closes, and the next slot to look finds the job and hands it back.
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
"""Seconds between two heartbeats of a slot, at work or not."""

EXPIRY = 20
"""Seconds without a heartbeat after which a slot counts as dead: three heartbeats may get lost."""

HANG = 45
"""Seconds without a report after which a work horse counts as hung; it reports in every silence of the renderer."""

_RQ_MARGIN = 15
"""RQ blocks on an empty queue for its `worker_ttl` less this."""

_PR_SET_PDEATHSIG = 1


class SlotJob(Job):
    """A job that can only be the task. Whoever can write to Redis names functions, callbacks and webhooks in vain."""

    @property
    def func(self) -> Callable[[str, str], None]:
        """The task; raises PermissionError for any other name."""
        if self.func_name not in TASKS or self.instance is not None:
            raise PermissionError(f"a slot executes {TASK} only")
        return execute

    @property
    def success_callback(self) -> None:
        """None ever runs."""

    @property
    def failure_callback(self) -> None:
        """None ever runs."""

    @property
    def stopped_callback(self) -> None:
        """None ever runs."""

    def send_webhooks(self, status: Any, *, exc_string: str | None = None) -> None:
        """None is ever sent."""

    @property
    def picture(self) -> tuple[str, str] | None:
        """(key, attempt), or None when the job is not one of ours."""
        arguments = tuple(self.args or ())
        ours = self.func_name in TASKS and len(arguments) == 2 and all(isinstance(part, str) for part in arguments)
        return arguments if ours else None


class Slot(Worker):
    """RQ's forking worker with heartbeats that notice death within seconds and records that follow each end."""

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
        """Expires after `EXPIRY`, whatever RQ would like; says everything anew, in case the broker has been wiped."""
        super().heartbeat(EXPIRY, pipeline=pipeline)
        broker = pipeline if pipeline is not None else self.connection
        broker.hset(self.key, mapping=self.serialize())
        register(self, cast(Pipeline, broker))

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:
        """Seconds until an execution without a heartbeat counts as abandoned."""
        return EXPIRY

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        """While a picture is made; a broker that is away for a while does not stop it."""
        try:
            super().maintain_heartbeats(job, execution)
            self._recovery.sweep()
            self._mind_horse(job)
        except LOST as error:
            self._silent = None
            logger().warning("heartbeat lost", reason=type(error).__name__)

    def run_maintenance_tasks(self) -> None:
        """Between pictures: our own recovery first, then RQ's sweep of old registries."""
        for job in self._recovery.sweep():
            logger().warning("job of a dead slot handed back", attempt=job)
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """The horse dies with its slot, so that its socket closes and the lane is free."""
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self.pid:
            os._exit(1)
        super().main_work_horse(job, queue)

    def kill_horse(self, sig: signal.Signals = signal.SIGKILL) -> None:
        """Only the horse: RQ kills its group, which is ours while there is no horse or it has only just been born."""
        try:
            if self.horse_pid:
                os.kill(self.horse_pid, sig)
        except ProcessLookupError:
            return

    def _mind_horse(self, job: Job) -> None:
        """Kills one that hangs. It gets a second look: while the broker was away it could not report either."""
        picture = job.picture if isinstance(job, SlotJob) else None
        silent = picture is not None and self._records.idle(picture[0]) > HANG
        if silent and self._silent == job.id:
            logger().error("the work horse hangs, killed", attempt=job.id, seconds=HANG)
            self.kill_horse()
        self._silent = job.id if silent else None

    def handle_warm_shutdown_request(self) -> None:
        """Asked to leave: lets go of the running picture at once, somebody else will make it."""
        self._leaving = True
        self.kill_horse()

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """In the horse: remembers the reason, if it is one that may be shown."""
        error: BaseException | TracebackType | None = exc_info[1]
        self._reason = error if isinstance(error, FeaturelensError) else None
        if self._reason is None:
            logger().error("execution failed", attempt=job.id, exc_info=exc_info)
        else:
            logger().warning("execution lost", attempt=job.id, detail=self._reason.detail)

    def handle_job_failure(self, job: Job, *args: Any, **kwargs: Any) -> None:
        """Every lost execution comes by here. The record moves first: a crash in between is found and repeated."""
        if self._leaving and self._stopped_job_id != job.id:
            job.retries_left = (job.retries_left or 0) + 1
        picture = job.picture if isinstance(job, SlotJob) else None
        if picture is not None:
            self._follow(job, *picture)
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
