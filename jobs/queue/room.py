"""Places in the queue, reserved before jobs are submitted: however many submit at once, the bound holds.

A reservation counts as jobs that wait. The transaction that enqueues jobs gives their places back, so that nothing
counts twice; one whose process died runs out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from redis import Redis
from redis.client import Pipeline
from rq import Queue

from featurelens.jobs.errors import QueueFull
from featurelens.jobs.queue.aside import aside
from featurelens.jobs.queue.queues import names

EXPIRY = 60
"""Seconds a reservation holds without a job being enqueued under it."""

_TOKENS = "featurelens:reservations"
"""Set of reservations; the places of each are in a key of their own."""

_RESERVE = """
local waiting = 0
for i = 3, #KEYS do waiting = waiting + redis.call('LLEN', KEYS[i]) end
for _, token in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local places = redis.call('GET', KEYS[1] .. ':' .. token)
  if places then waiting = waiting + places else redis.call('SREM', KEYS[1], token) end
end
if waiting + tonumber(ARGV[2]) > tonumber(ARGV[3]) then return waiting end
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[4])
return -1
"""

_GIVE_BACK = """
local left = tonumber(redis.call('GET', KEYS[2]) or '0') - tonumber(ARGV[2])
if left > 0 then return redis.call('SET', KEYS[2], left, 'EX', ARGV[3]) end
redis.call('DEL', KEYS[2])
redis.call('SREM', KEYS[1], ARGV[1])
"""


class Reservation:
    """Places that this process may fill."""

    def __init__(self, places: int) -> None:
        self.token = uuid4().hex
        self.left = places

    def give_back(self, client: Redis | Pipeline, places: int) -> None:
        """`places` are taken by jobs that wait now, or needed no more. In a transaction, call `gave_back` after it."""
        client.eval(_GIVE_BACK, 2, _TOKENS, _key(self.token), self.token, places, EXPIRY)

    def gave_back(self, places: int) -> None:
        self.left -= places


class Room:
    """The places of all queues together: at most so many jobs wait as `reserved` is told."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(_RESERVE)

    @contextmanager
    def reserved(self, places: int, limit: int) -> Iterator[Reservation]:
        """Room for `places` more where at most `limit` may wait. Raises `QueueFull`.

        What has not been filled in the block is free again after it.
        """
        reservation = Reservation(places)
        waits = names(self._redis)
        queues = [key for name in waits for key in (Queue.redis_queue_namespace_prefix + name, aside(name))]
        arguments: list[Any] = [reservation.token, places, limit, EXPIRY]
        waiting = int(self._script(keys=[_TOKENS, _key(reservation.token), *queues], args=arguments))
        if waiting >= 0:
            raise QueueFull(f"{waiting} pictures wait already, at most {limit} may")
        try:
            yield reservation
        finally:
            if reservation.left > 0:
                reservation.give_back(self._redis, reservation.left)


def _key(token: str) -> str:
    return f"{_TOKENS}:{token}"
