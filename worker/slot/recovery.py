"""Finds jobs whose slot has died or stands still, and returns them to the queue.

On the same host it can be seen at once that a process is gone. Otherwise a lease ends when its heartbeats have been
silent for long enough, by this observer's own count of looks (`jobs.silence`) and by no clock: RQ's scores and expiries
all run out at once when the broker, the machine or its clock has stood still or jumped. Handing back too early costs
time only: leases are fenced.
"""

from __future__ import annotations

import os
import socket
from functools import cache
from typing import cast

from redis import Redis
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.executions import Execution

from featurelens.jobs.logs import logger
from featurelens.jobs.queue.deaths import nobodys_fault
from featurelens.jobs.silence import Silence
from featurelens.worker.slot.lease import HOST, PARENT, PROCESS, Leases
from featurelens.worker.slot.process_identity import alive, identity, kill, pid_of
from featurelens.worker.slot.slot_job import SlotJob

GAP = 3.0
"""Seconds a job may lie between queue and lease; milliseconds are usual."""

LEASE = 20.0
"""Seconds of silence after which a lease ends: three heartbeats may be lost."""

_TOLD_WITHIN = 5.0
"""Seconds in which the launcher, if there is one, tells how a slot has died."""


class Recovery:
    """Of the queue of the slot `name`, which looks every `pace` seconds."""

    def __init__(self, queue: Queue, leases: Leases, name: str, pace: float) -> None:
        self._queue = queue
        self._redis: Redis = queue.connection
        self._leases = leases
        self._name = name
        self._pace = pace
        self._leased: dict[str, Silence] = {}
        self._lying: dict[str, Silence] = {}

    def hand_back_lost(self) -> None:
        """Hands back every lost job."""
        self._abandoned()
        self._fallen()

    def _abandoned(self) -> None:
        raw = cast("list[bytes]", self._redis.zrange(self._leases.registry, 0, -1))
        executions = [Execution.from_composite_key(entry.decode(), connection=self._redis) for entry in raw]
        with self._redis.pipeline(transaction=False) as pipe:
            for execution in executions:
                pipe.hmget(execution.key, ["last_heartbeat", HOST, PROCESS, PARENT, "worker_name"])
            known = cast("list[list[bytes | None]]", pipe.execute())
        self._leased = {one.id: self._leased.get(one.id) or Silence(self._pace) for one in executions}
        dead = cache(self._dead)  # a slot may hold many leases, and is waited for once
        for execution, (beat, host, *slot) in zip(executions, known, strict=True):
            silent = self._leased[execution.id].seconds(beat)
            here = host is not None and host.decode() == socket.gethostname()
            blamed = dead(*slot) if here else None
            if blamed is not None:
                self._return(execution.job_id, execution, blamed=blamed, reason="the process that made it died")
            elif silent >= LEASE:
                if here:
                    self._stop(*slot)
                self._return(execution.job_id, execution, blamed=False, reason="its slot stood still")

    def _fallen(self) -> None:
        lying = cast("list[bytes]", self._redis.lrange(self._queue.intermediate_queue_key, 0, -1))
        self._lying = {job: self._lying.get(job) or Silence(self._pace) for job in (raw.decode() for raw in lying)}
        for job, silence in self._lying.items():
            if silence.seconds(job) >= GAP:
                self._return(job, None, blamed=False, reason="its slot was lost")

    def _return(self, job_id: str, execution: Execution | None, *, blamed: bool, reason: str) -> None:
        try:
            job = cast(SlotJob, SlotJob.fetch(job_id, connection=self._redis, serializer=self._queue.serializer))
        except NoSuchJobError:
            self._redis.lrem(self._queue.intermediate_queue_key, 0, job_id)
            if execution is not None:
                self._redis.zrem(self._leases.registry, execution.composite_key)
            return
        if self._leases.give_back(job, execution, blamed=blamed, reason=reason):
            logger().warning("job handed back", attempt=job_id, reason=reason, blamed=blamed)

    def _dead(self, process: bytes | None, parent: bytes | None, worker: bytes | None) -> bool | None:
        """None unless the slot, a process of this host, is gone; else whether its job may be why."""
        if process is None or parent is None or worker is None:
            return None
        if process.decode() == identity(os.getpid()):
            return None if worker.decode() == self._name else False
        if alive(process.decode()):
            return None
        # With who started it, everything has ended: a power cut, a killed launcher.
        return alive(parent.decode()) and not nobodys_fault(self._redis, pid_of(process.decode()), _TOLD_WITHIN)

    def _stop(self, process: bytes | None, *_: bytes | None) -> None:
        """Kills a slot of this host that stands still, and its horse with it, which could store what is not its own."""
        if process is not None and process.decode() != identity(os.getpid()):
            kill(process.decode())
