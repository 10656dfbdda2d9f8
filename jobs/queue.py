"""The queue of pictures to make: RQ with JSON, one queue, one RQ job per attempt, one attempt in flight per key.

A record and its RQ job are created in one transaction that only goes through when nobody else did the same, so a
hundred equal requests at once make one job, and a service killed in the middle leaves either both or neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from redis import Redis, WatchError
from rq import Queue, Retry
from rq.job import Job
from rq.serializers import JSONSerializer

from jobs.spec import VisualizationSpec
from jobs.status import IN_FLIGHT_EXPIRY, JOINABLE, Record, opening, parse, record_key

QUEUE = "featurelens"

TASK = "worker.task.render"
"""The one function a slot executes, by name: the service never imports it."""

EXECUTIONS = 3
"""How often an attempt is executed before it counts as failed: a crash may be bad luck twice, not three times."""

JOB_TIMEOUT = 2 * 3600
"""Seconds one execution may take; the largest picture allowed takes about half of that on a slow processor."""

_RQ_ENDED_TTL = 600
"""Seconds RQ keeps what it knows about a failed job; ours to keep is the record."""

_JOB_PREFIX = Job.redis_job_namespace_prefix
_RQ_ALIVE = frozenset({"queued", "started", "scheduled", "deferred"})

_READ = """
local record = redis.call('HGETALL', KEYS[1])
if #record == 0 then return {record, false, false} end
local now = redis.call('HMGET', KEYS[1], 'status', 'attempt')
local job = redis.call('HGET', ARGV[1] .. (now[2] or ''), 'status')
local position = now[1] == 'queued' and redis.call('LPOS', KEYS[2], now[2])
if ARGV[2] == 'join' and job and string.find(ARGV[3], now[1], 1, true) then
  redis.call('HINCRBY', KEYS[1], 'askers', 1)
end
return {record, job, position}
"""


@dataclass(frozen=True)
class Ticket:
    """A picture on its way, or one that has ended. `position` counts from 1 at the head of the queue."""

    record: Record
    position: int | None = None
    fresh: bool = False


class JobQueue:
    """Puts pictures into the queue and tells where they are."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(_READ)
        self.rq = Queue(QUEUE, connection=redis, serializer=JSONSerializer)

    def find(self, key: str) -> Ticket | None:
        """The latest attempt at `key`. One whose RQ job has vanished is told as failed: a new one may start."""
        return self._read(key, "look")

    def join(self, key: str) -> Ticket | None:
        """The attempt in flight, asked for once more; None when there is none."""
        ticket = self._read(key, "join")
        return ticket if ticket is not None and ticket.record.joinable else None

    def submit(self, key: str, spec: VisualizationSpec, digest: str) -> Ticket:
        """Joins the attempt in flight, or starts one; `spec` must be resolved."""
        while True:
            joined = self.join(key)
            if joined is not None:
                return joined
            try:
                return self._start(key, spec, digest)
            except WatchError:
                continue

    def __len__(self) -> int:
        return self.rq.count

    def _start(self, key: str, spec: VisualizationSpec, digest: str) -> Ticket:
        attempt = uuid4().hex
        fields = opening(spec, digest, attempt)
        job = self.rq.create_job(
            TASK,
            args=(key, attempt),
            job_id=attempt,
            timeout=JOB_TIMEOUT,
            result_ttl=0,
            failure_ttl=_RQ_ENDED_TTL,
            retry=Retry(max=EXECUTIONS - 1, enqueue_at_front=True),
            description=key,
        )
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.watch(record_key(key))  # type: ignore[no-untyped-call]
            existing = self._read(key, "look")
            if existing is not None and existing.record.joinable:
                raise WatchError
            pipe.multi()
            pipe.delete(record_key(key))
            pipe.hset(record_key(key), mapping=cast("Any", fields))
            pipe.expire(record_key(key), IN_FLIGHT_EXPIRY)
            self.rq.enqueue_job(job, pipeline=pipe)
            pipe.llen(self.rq.key)
            position = pipe.execute()[-1]
        record = parse({name.encode(): str(value).encode() for name, value in fields.items()})
        assert record is not None
        return Ticket(record, position, fresh=True)

    def _read(self, key: str, purpose: str) -> Ticket | None:
        arguments = [_JOB_PREFIX, purpose, " ".join(sorted(JOINABLE))]
        flat, job, position = self._script(keys=[record_key(key), self.rq.key], args=arguments)
        record = parse(dict(zip(flat[::2], flat[1::2], strict=True)))
        if record is None:
            return None
        if record.in_flight and (job is None or job.decode() not in _RQ_ALIVE):
            lost = {"status": "failed", "error_code": "lost", "error_detail": "the job was lost; ask for it again"}
            return Ticket(record.model_copy(update=lost))
        return Ticket(record, None if position is None else position + 1)
