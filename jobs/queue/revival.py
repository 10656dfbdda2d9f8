"""Jobs that have vanished from RQ while their records are in flight: a broker has lost a part of what it was told.

They are queued again. Told as failed, one could be made all the same, by a work horse that still has it.
"""

from __future__ import annotations

from redis import Redis, WatchError
from rq import Queue
from rq.job import Job

from featurelens.jobs.queue.queues import keep_known
from featurelens.jobs.queue.record import Record, record_key
from featurelens.jobs.queue.records import Records

_ALIVE = frozenset({b"queued", b"started", b"scheduled", b"deferred"})


def alive(status: object) -> bool:
    """Whether a job of this status, as read from Redis, is before RQ; None is one that it does not know."""
    return status in _ALIVE


def revive(key: str, record: Record, queue: Queue, records: Records, job: Job) -> None:
    """Puts `job` into the queue, unless something has moved; ends an attempt that was being cancelled."""
    redis: Redis = queue.connection
    with redis.pipeline(transaction=True) as pipe:
        pipe.watch(job.key, record_key(key))  # type: ignore[no-untyped-call]
        now = records.read(key)
        if now is None or not now.in_flight or now.attempt != record.attempt or alive(pipe.hget(job.key, "status")):
            return
        pipe.multi()
        pipe.delete(job.key)
        if now.status == "cancelling":
            records.cancelled(key, record.attempt, pipe)
        else:
            records.requeue(key, record.attempt, pipe)
            pipe.hset(record_key(key), "queue", queue.name)
            for name in {queue.name, now.queue or queue.name}:  # the list may have been kept where the job was not
                pipe.lrem(Queue.redis_queue_namespace_prefix + name, 0, record.attempt)
            keep_known(pipe, queue.name)
            queue.enqueue_job(job, pipeline=pipe)
        try:
            pipe.execute()
        except WatchError:
            return
