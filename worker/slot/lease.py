"""Leases: which execution a job belongs to, and everything that ends or returns a job, fenced by that.

A job in flight is in exactly one place: its queue; the intermediate list, where RQ puts what a slot has taken; or
leased to one execution, as an entry of RQ's registry of started jobs. It leaves a place only in a transaction that
fails when it is not there any more. So of two who believe that a job is theirs, such as a slot that stood still and
the one that took over, one finds that it is not; the record, moved in the same transaction, never says otherwise.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from redis import Redis, WatchError
from redis.client import Pipeline
from rq import Queue
from rq.executions import Execution, ExecutionRegistry
from rq.job import JobStatus

from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.kinds import kind_of
from featurelens.jobs.queue.aside import set_aside
from featurelens.jobs.queue.job_queue import EXECUTIONS
from featurelens.jobs.queue.records import Records
from featurelens.worker.slot.process_identity import identity
from featurelens.worker.slot.slot_job import SlotJob

KEPT = 30 * 24 * 3600
"""Seconds after which RQ's data about a leased execution expires: no lease ends by a clock, see `Recovery`."""

HOST, PROCESS, PARENT = "host", "process", "parent"
"""Fields of that: the slot that holds it, and who has started that. RQ's registration of slots expires by a clock."""

ENDED_KEPT = 600
"""Seconds RQ's data about a failed job is kept; clients read the record."""


class Leases:
    """Of the jobs of one queue."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._redis: Redis = queue.connection
        self._records = Records(self._redis)

    @property
    def registry(self) -> str:
        """The Redis key of all leases: a sorted set of ``job:execution``."""
        return str(self._queue.started_job_registry.key)

    def take(self, job: SlotJob, worker: str) -> Execution | None:
        """Leases a job from the intermediate list to a new execution; None: another slot has got it meanwhile."""
        taken: list[Execution] = []

        def lease(pipe: Pipeline) -> None:
            taken[:] = [Execution.create(job, KEPT, pipeline=pipe, worker_name=worker)]
            slot = {HOST: socket.gethostname(), PROCESS: identity(os.getpid()), PARENT: identity(os.getppid())}
            for field, value in slot.items():
                pipe.hset(taken[0].key, field, value)
            pipe.lrem(self._queue.intermediate_queue_key, 1, job.id)

        return taken[0] if self._if_there(job, None, lease) else None

    def set_aside(self, job: SlotJob) -> bool:
        """Sets a job from the intermediate list aside, as this version does not understand it."""

        def put(pipe: Pipeline) -> None:
            self._leave(job, None, pipe)
            set_aside(pipe, self._queue, job.id)

        return self._if_there(job, None, put)

    def begin(self, job: SlotJob, execution: Execution, worker: str) -> bool:
        """Marks the job as started; False: the lease is gone."""
        return self._if_there(job, execution, lambda pipe: job.prepare_for_execution(worker, pipeline=pipe))

    def renew(self, job: SlotJob, execution: Execution) -> bool:
        """Sends a heartbeat; False: the lease is gone."""
        registry = job.started_job_registry
        return self._if_there(job, execution, lambda pipe: execution.heartbeat(registry, KEPT, pipe))

    def finish(self, job: SlotJob, execution: Execution) -> bool:
        """Deletes the job, as its record has ended; False: the lease is gone, and the job another's."""

        def delete(pipe: Pipeline) -> None:
            execution.delete(job, pipe)
            pipe.delete(job.key, ExecutionRegistry(job.id, self._redis).key)

        return self._if_there(job, execution, delete)

    def cancel(self, job: SlotJob, execution: Execution | None) -> bool:
        """Ends a job whose execution has been stopped, and its record as cancelled."""

        def end(pipe: Pipeline) -> None:
            self._leave(job, execution, pipe)
            if job.task is not None:
                self._records.cancelled(*job.task, pipe=pipe)
            pipe.delete(job.key)

        return self._if_there(job, execution, end)

    def give_back(self, job: SlotJob, execution: Execution | None, *, blamed: bool, reason: str) -> bool:
        """Returns a lost job to the head of its queue; after its last execution its record fails instead.

        `execution` is None for a job in the intermediate list. An execution that is not `blamed` on the job costs it
        none. False: it was not there any more.
        """
        left, task = job.retries_left or 0, job.task
        again = task is not None and (left > 0 or not blamed)

        def settle(pipe: Pipeline) -> None:
            self._leave(job, execution, pipe)
            if again and task is not None:
                self._records.requeue(*task, pipe=pipe)
                job.retries_left = left + (not blamed)  # `retry` takes one off
                job.timeout = _seconds(task[0]) or job.timeout
                job.retry(self._queue, pipe)
                return
            if task is not None:
                error = RenderFailed(f"given up after {EXECUTIONS} executions: {reason}")
                self._records.fail(*task, error, pipe=pipe)
            job.set_status(JobStatus.FAILED, pipeline=pipe)
            pipe.expire(job.key, ENDED_KEPT)

        return self._if_there(job, execution, settle)

    def _leave(self, job: SlotJob, execution: Execution | None, pipe: Pipeline) -> None:
        if execution is None:
            pipe.lrem(self._queue.intermediate_queue_key, 0, job.id)
        else:
            execution.delete(job, pipe)

    def _if_there(self, job: SlotJob, execution: Execution | None, commands: Callable[[Pipeline], object]) -> bool:
        """Runs `commands` on a transaction, as long as the job is where it is said to be."""
        with self._redis.pipeline(transaction=True) as pipe:
            while True:
                try:
                    if execution is None:
                        lying = self._queue.intermediate_queue_key
                        pipe.watch(lying)  # type: ignore[no-untyped-call]
                        there = job.id.encode() in pipe.lrange(lying, 0, -1)
                    else:
                        pipe.watch(self.registry)  # type: ignore[no-untyped-call]
                        there = pipe.zscore(self.registry, execution.composite_key) is not None
                    if not there:
                        return False
                    pipe.multi()
                    commands(pipe)
                    pipe.execute()
                    return True
                except WatchError:
                    continue


def _seconds(key: str) -> int | None:
    """Those of an execution; None for a kind of a newer version."""
    try:
        return kind_of(key).seconds
    except ValueError:
        return None
