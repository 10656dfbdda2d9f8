"""What a slot takes from its queue: RQ's job, bound to the one function that a slot executes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from rq.job import Job

from featurelens.jobs.queue.job_queue import TASK, TASKS
from featurelens.worker.slot.task import execute


class SlotJob(Job):
    """A job that executes the task only: other functions, callbacks and webhooks named in Redis are ignored."""

    execution = ""
    """The id of the execution that it is leased to."""

    @property
    def func(self) -> Callable[..., None]:
        """The task; raises PermissionError for any other name."""
        if self.func_name not in TASKS or self.instance is not None:
            raise PermissionError(f"a slot executes {TASK} only")
        leases = str(self.started_job_registry.key)
        return partial(execute, execution=self.execution, leases=leases, last=not self.should_retry)

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
