"""Finds jobs whose slot has died and returns them to the queue, without RQ's ten-minute cleaning and its lock.

RQ notices a dead slot when the heartbeat of its execution runs out. On the same host it can be seen at once that the
process is gone. A job can also get lost between the queue and its first heartbeat: it then lies in RQ's
intermediate list.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

from redis import Redis
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.executions import Execution
from rq.job import Job
from rq.worker import BaseWorker

GAP = 3.0
"""Seconds a job may lie between queue and first heartbeat; milliseconds are usual."""

CLAIM_EXPIRY = 30
"""Seconds one slot has to hand a job back before another one tries."""


class Recovery:
    """`hand_back(job, execution)` returns a lost job to the queue, or fails it after its last execution."""

    def __init__(self, queue: Queue, name: str, hand_back: Callable[[Job, Execution | None], None]) -> None:
        self._queue = queue
        self._redis: Redis = queue.connection
        self._name = name
        self._hand_back = hand_back
        self._lying: dict[str, float] = {}

    def hand_back_lost(self) -> list[str]:
        """Hands back every lost job; returns their ids."""
        return [*self._abandoned(), *self._fallen()]

    def _abandoned(self) -> list[str]:
        found = []
        entries = cast("list[tuple[bytes, float]]", self._redis.zrange(self._registry, 0, -1, withscores=True))
        for raw, expiry in entries:
            entry = raw.decode()
            if (expiry < time.time() or self._orphan(entry)) and self._claim(entry):
                execution = Execution.from_composite_key(entry, connection=self._redis)
                if self._return(execution.job_id, execution):
                    found.append(execution.job_id)
        return found

    def _fallen(self) -> list[str]:
        key = self._queue.intermediate_queue_key
        lying = {raw.decode() for raw in cast("list[bytes]", self._redis.lrange(key, 0, -1))}
        now = time.monotonic()
        self._lying = {job: self._lying.get(job, now) for job in lying}
        found = []
        for job in [job for job, since in self._lying.items() if now - since >= GAP]:
            running = next(self._redis.zscan_iter(self._registry, match=f"{job}:*"), None)
            if running is None and self._claim(job) and self._return(job, None):
                found.append(job)
        return found

    def _return(self, job_id: str, execution: Execution | None) -> bool:
        try:
            job = self._queue.job_class.fetch(job_id, connection=self._redis, serializer=self._queue.serializer)
        except NoSuchJobError:
            self._redis.lrem(self._queue.intermediate_queue_key, 0, job_id)
            if execution is not None:
                self._redis.zrem(self._registry, execution.composite_key)
            return False
        self._hand_back(job, execution)
        self._redis.lrem(self._queue.intermediate_queue_key, 0, job_id)
        self._lying.pop(job_id, None)
        return True

    def _orphan(self, entry: str) -> bool:
        """Whether the slot that runs `entry` has ended, or was a process of this host that is gone."""
        worker = cast("bytes | None", self._redis.hget(f"rq:execution:{entry}", "worker_name"))
        if worker is None:
            return False
        key = BaseWorker.redis_worker_namespace_prefix + worker.decode()
        host, pid, death = cast("list[bytes | None]", self._redis.hmget(key, ["hostname", "pid", "death"]))
        if host is None or pid is None or death is not None:
            return True
        if host.decode() != socket.gethostname():
            return False
        return not _running(int(pid)) or (int(pid) == os.getpid() and worker.decode() != self._name)

    def _claim(self, what: str) -> bool:
        return bool(self._redis.set(f"featurelens:recovery:{what}", self._name, nx=True, ex=CLAIM_EXPIRY))

    @property
    def _registry(self) -> str:
        return str(self._queue.started_job_registry.key)


def _running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _zombie(pid)


def _zombie(pid: int) -> bool:
    """Whether the process has ended but its parent has not waited for it. Only Linux tells."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    except OSError:
        return False
