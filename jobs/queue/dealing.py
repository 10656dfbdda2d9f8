"""Jobs that wait move from one renderer's queue to another's, in one atomic step: each waits in exactly one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

from redis import Redis
from rq import Queue
from rq.job import Job
from rq.registry import StartedJobRegistry

from featurelens.jobs.errors import FeaturelensError, OtherVersion
from featurelens.jobs.kinds.base import QUEUES
from featurelens.jobs.queue.aside import aside
from featurelens.jobs.queue.blocks import blocks_key
from featurelens.jobs.queue.liveness import BEATS, renderer_key
from featurelens.jobs.queue.queues import RENDERERS, queue_of
from featurelens.jobs.queue.record import parse, record_key
from featurelens.jobs.queue.records import Records
from featurelens.jobs.queue.router import Demand

_QUEUE, _JOB = Queue.redis_queue_namespace_prefix, Job.redis_job_namespace_prefix

_EMPTY = """
for i = 3, #KEYS do
  if redis.call(redis.call('TYPE', KEYS[i]).ok == 'zset' and 'ZCARD' or 'LLEN', KEYS[i]) > 0 then return 0 end
end
"""
"""Ends a script unless nothing is in the places that are its keys from the third on."""

_FORGET = f"""
if redis.call('EXISTS', ARGV[2]) == 1 then return 0 end
{_EMPTY}
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
for i = 3, #KEYS do redis.call('SREM', 'rq:queues', KEYS[i]) end
for i = 3, #ARGV do redis.call('DEL', ARGV[i]) end
return 1
"""

_MOVE = f"""
if ARGV[1] == 'idle' then {_EMPTY} end
local moved = 0
for i = 5, #ARGV do
  local job = ARGV[3] .. ARGV[i]
  if redis.call('LREM', KEYS[1], 1, ARGV[i]) == 1 then
    redis.call('RPUSH', KEYS[2], ARGV[i])
    redis.call('HSET', job, 'origin', ARGV[2])
    local record = ARGV[4] .. (redis.call('HGET', job, 'description') or '')
    if redis.call('HGET', record, 'attempt') == ARGV[i] then redis.call('HSET', record, 'queue', ARGV[2]) end
    moved = moved + 1
  end
end
if moved > 0 then
  redis.call('SADD', 'rq:queues', KEYS[2])
  local renderer = string.match(ARGV[2], '@(.+)')
  if renderer then redis.call('HSETNX', '{RENDERERS}', renderer, '') end
end
return moved
"""


def _waits(queue: str) -> str:
    return _QUEUE + queue


class Waiting(NamedTuple):
    """A job that waits."""

    attempt: str
    demand: Demand | None
    """None: its record is gone, or of a version that this one does not understand."""
    key: str | None


class Dealings:
    """Looks into queues and moves what waits there."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._records = Records(redis)
        self._move = redis.register_script(_MOVE)
        self._forget = redis.register_script(_FORGET)

    def waiting(self, queue: str, first: int, last: int, places: Callable[[str], str] = _waits) -> list[Waiting]:
        """The jobs from place `first` to `last` of the queue of this name, as of Redis' LRANGE.

        `places` is the key of their list: of those that wait, or are set aside (`jobs.queue.aside`).
        """
        attempts = [one.decode() for one in cast("list[bytes]", self._redis.lrange(places(queue), first, last))]
        with self._redis.pipeline(transaction=False) as pipe:
            for attempt in attempts:
                pipe.hget(_JOB + attempt, "description")
            keys = [None if key is None else key.decode() for key in pipe.execute()]
            for key in keys:
                pipe.hgetall(record_key(key or ""))
            records = pipe.execute()
        found = zip(attempts, keys, records, strict=True)
        return [Waiting(attempt, _demand(key, fields), key) for attempt, key, fields in found]

    def demand(self, key: str) -> Demand | None:
        """Of the latest attempt at `key`, as `Waiting` has it."""
        return _demand(key, cast("dict[bytes, bytes]", self._redis.hgetall(record_key(key))))

    def move(self, source: str, target: str, attempts: Sequence[str], places: Callable[[str], str] = _waits) -> int:
        """Moves those of `attempts` that still wait in the queue `source` to the end of `target`; returns how many."""
        arguments = ["", target, _JOB, record_key(""), *attempts]
        return int(self._move(keys=[places(source), _QUEUE + target], args=arguments))

    def take(
        self, source: str, target: str, renderer: str, attempts: Sequence[str], places: Callable[[str], str] = _waits
    ) -> int:
        """The same for a renderer whose queue `target` is, but nothing unless it is idle at that moment."""
        arguments = ["idle", target, _JOB, record_key(""), *attempts]
        busy = [key for queue in QUEUES for key in _places(self._redis, queue_of(queue, renderer))]
        return int(self._move(keys=[places(source), _QUEUE + target, *busy], args=arguments))

    def end(self, queue: str, one: Waiting, error: FeaturelensError) -> bool:
        """Ends a job that waits in this queue as failed; False: it is being made, or has ended.

        The record first: a slot that takes the job meanwhile finds that it has nothing to do.
        """
        assert one.key is not None
        ended = self._records.give_up(one.key, one.attempt, error)
        if ended or not self._records.owed(one.key, one.attempt):
            with self._redis.pipeline(transaction=True) as pipe:
                pipe.lrem(_waits(queue), -1, one.attempt)
                pipe.delete(_JOB + one.attempt)
                pipe.execute()
        return ended

    def idle(self, renderer: str) -> bool:
        """Whether nothing waits for it and nothing is in the making."""
        return self._empty([queue_of(queue, renderer) for queue in QUEUES])

    def forget(self, renderer: str) -> bool:
        """Forgets a renderer that is gone, when nothing is left in its queues at that moment; returns whether."""
        names = [queue_of(queue, renderer) for queue in QUEUES]
        places = [place for name in names for place in (*_places(self._redis, name), aside(name))]
        arguments = [renderer, renderer_key(renderer), *map(blocks_key, names)]
        return bool(self._forget(keys=[RENDERERS, BEATS, *places], args=arguments))

    def _empty(self, names: Sequence[str]) -> bool:
        with self._redis.pipeline(transaction=True) as pipe:
            for name in names:
                waiting, taken, leased = _places(self._redis, name)
                pipe.llen(waiting)
                pipe.llen(taken)
                pipe.zcard(leased)
            return not any(pipe.execute())


def _places(redis: Redis, name: str) -> tuple[str, str, str]:
    """The Redis keys of the places where a job of this queue can be (`worker.slot.lease`)."""
    queue = Queue(name, connection=redis)
    return queue.key, str(queue.intermediate_queue_key), str(StartedJobRegistry(queue=queue).key)


def _demand(key: str | None, fields: dict[bytes, bytes]) -> Demand | None:
    try:
        record = parse(key, fields) if key is not None else None
    except (OtherVersion, ValueError):
        return None
    return None if record is None or key is None else record.demand(key)
