"""Which photographs jobs that wait or run work on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from redis import Redis
from rq.intermediate_queue import IntermediateQueue
from rq.job import Job
from rq.registry import StartedJobRegistry

from featurelens.jobs.queue.aside import aside
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.record import record_key

_DIGEST = re.compile(rb'"sha256:([0-9a-f]{64})"')
"""In the JSON of a specification, of whatever kind and version; nothing else there is named so."""

_TOGETHER = 500
"""Specifications read in one round trip."""


def photos_in_flight(redis: Redis, queue: JobQueue) -> set[str]:
    """Their digests in hex."""
    found: set[str] = set()
    attempts = _attempts(redis, queue)
    for start in range(0, len(attempts), _TOGETHER):
        some = attempts[start : start + _TOGETHER]
        keys = _all(redis, [(Job.redis_job_namespace_prefix + attempt, "description") for attempt in some])
        specs = _all(redis, [(record_key(key.decode()), "spec") for key in keys if key is not None])
        found |= {digest.decode() for spec in specs if spec is not None for digest in _DIGEST.findall(spec)}
    return found


def _attempts(redis: Redis, queue: JobQueue) -> list[str]:
    """One look at all places where a job can be, so that none is missed on its way from one to the next.

    A queue that has come meanwhile may have been given one: then another look is needed.
    """
    while True:
        names = queue.names()
        found = _in_flight(redis, queue, names)
        if set(queue.names()) <= set(names):
            return found


def _in_flight(redis: Redis, queue: JobQueue, names: Sequence[str]) -> list[str]:
    with redis.pipeline(transaction=True) as pipe:
        for rq in map(queue.of, names):
            pipe.lrange(rq.key, 0, -1)
            pipe.lrange(aside(rq.name), 0, -1)
            pipe.lrange(IntermediateQueue.get_intermediate_queue_key(rq.key), 0, -1)
            pipe.zrange(StartedJobRegistry(queue=rq).key, 0, -1)
        places = cast("list[list[bytes]]", pipe.execute())
    # A registry holds executions, `attempt:execution`.
    return list({place.decode().partition(":")[0] for one in places for place in one})


def _all(redis: Redis, fields: list[tuple[str, str]]) -> list[bytes | None]:
    with redis.pipeline(transaction=False) as pipe:
        for key, field in fields:
            pipe.hget(key, field)
        return cast("list[bytes | None]", pipe.execute())
