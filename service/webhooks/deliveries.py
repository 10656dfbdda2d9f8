"""Who is to be told of which job, in the broker: it outlives the services, any of which delivers.

Each delivery has a time at which it is looked at next. Whoever takes it moves that time ahead, for longer than telling
can take; if it dies meanwhile, another takes it then. So a receiver may hear twice, with the same id, and never not at
all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, cast

from redis import Redis

from featurelens.jobs.errors import QueueFull
from featurelens.jobs.queue.records import IN_FLIGHT_EXPIRY

MOST = 20_000
"""Deliveries that wait, for their job or for another try."""

MOST_OF_ONE = 5_000
"""The same of one client, so that none takes the room of all."""

LEASE = 25
"""Seconds for which one that was taken is left alone: more than a call may take."""

Outcome = Literal["delivered", "retried", "failed"]
OUTCOMES: tuple[Outcome, ...] = ("delivered", "retried", "failed")

_DUE = "featurelens:webhooks"
"""Sorted set of their ids by the time, in seconds since 1970, at which they are looked at."""

_COUNTS = "featurelens:webhooks:counts"
_ONE = "featurelens:webhook:"

_CLIENT = "featurelens:webhooks:of:"
"""Before a client: sorted set of the ids of its deliveries by the time at which they expire."""

_ADD = """
if redis.call('EXISTS', KEYS[2]) == 1 then return end
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1], ARGV[1])
redis.call('HSET', KEYS[2], 'added', time[1], unpack(ARGV, 3))
redis.call('EXPIRE', KEYS[2], ARGV[2])
redis.call('ZADD', KEYS[3], time[1] + ARGV[2], ARGV[1])
redis.call('EXPIRE', KEYS[3], ARGV[2])
"""

_OF_ONE = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', redis.call('TIME')[1])
return redis.call('ZCARD', KEYS[1])
"""

_END = """
local client = redis.call('HGET', KEYS[2], 'client')
if client then redis.call('ZREM', ARGV[1] .. client, ARGV[2]) end
redis.call('ZREM', KEYS[1], ARGV[2])
redis.call('DEL', KEYS[2])
redis.call('HINCRBY', KEYS[3], ARGV[3], 1)
"""

_TAKE = """
local now, found = redis.call('TIME'), {}
local moment = now[1] + now[2] / 1000000
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', moment, 'LIMIT', 0, ARGV[1])) do
  local one = redis.call('HMGET', ARGV[2] .. id, 'key', 'url', 'prefix', 'tries', 'body', 'added')
  if one[1] then
    redis.call('ZADD', KEYS[1], moment + ARGV[3], id)
    table.insert(found, {id, now[1], unpack(one)})
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
return found
"""

_RETRY = """
if redis.call('EXISTS', KEYS[2]) == 0 then return end
local time = redis.call('TIME')
redis.call('HSET', KEYS[2], 'body', ARGV[3])
redis.call('HINCRBY', KEYS[2], 'tries', 1)
redis.call('HINCRBY', KEYS[3], 'retried', 1)
redis.call('ZADD', KEYS[1], 'XX', time[1] + time[2] / 1000000 + ARGV[1], ARGV[2])
"""
"""Of one that another has ended meanwhile nothing is written: it would never expire."""

_LATER = """
local time = redis.call('TIME')
return redis.call('ZADD', KEYS[1], 'XX', time[1] + time[2] / 1000000 + ARGV[1], ARGV[2])
"""


class Delivery(NamedTuple):
    """`url` is to be told how the job `key` has ended, with a proxy's `prefix` before addresses."""

    id: str
    key: str
    url: str
    prefix: str = ""
    tries: int = 0
    body: bytes | None = None
    """What was told in the first try, and will be in the next."""
    age: int = 0
    """Seconds since it was added."""


class Deliveries:
    """Adds them, takes those that are due, puts them off, ends them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._add = redis.register_script(_ADD)
        self._take = redis.register_script(_TAKE)
        self._retry = redis.register_script(_RETRY)
        self._later = redis.register_script(_LATER)
        self._of_one = redis.register_script(_OF_ONE)
        self._end = redis.register_script(_END)

    def check_room(self, client: str) -> None:
        """Raises `QueueFull`. Comes before the work is asked for, which cannot be taken back; `add` refuses nothing."""
        if self.waiting() >= MOST:
            raise QueueFull(f"{MOST} callbacks wait already")
        if int(self._of_one(keys=[_CLIENT + client])) >= MOST_OF_ONE:
            raise QueueFull(f"{MOST_OF_ONE} callbacks of yours wait already")

    def add(self, delivery: Delivery, client: str) -> None:
        """Once for each id."""
        fields = ("key", delivery.key, "url", delivery.url, "prefix", delivery.prefix, "client", client)
        arguments: list[Any] = [delivery.id, IN_FLIGHT_EXPIRY, *fields]
        self._add(keys=[_DUE, _ONE + delivery.id, _CLIENT + client], args=arguments)

    def take(self, most: int) -> list[Delivery]:
        """Those that are due, `most` of them; they are the caller's for `LEASE` seconds."""
        found = []
        for id, now, key, url, prefix, tries, body, added in self._take(keys=[_DUE], args=[most, _ONE, LEASE]):
            told = id.decode(), key.decode(), url.decode(), prefix.decode()
            found.append(Delivery(*told, int(tries or 0), body, int(now) - int(added)))
        return found

    def put_off(self, later: Mapping[str, float]) -> None:
        """Those with these ids are looked at again in so many seconds."""
        with self._redis.pipeline(transaction=False) as pipe:
            for id, seconds in later.items():
                self._later(keys=[_DUE], args=[seconds, id], client=pipe)
            pipe.execute()

    def retry(self, delivery: Delivery, body: bytes, seconds: float) -> None:
        """It is told again then, with the same body, unless it has been ended meanwhile."""
        self._retry(keys=[_DUE, _ONE + delivery.id, _COUNTS], args=[seconds, delivery.id, body])

    def end(self, id: str, outcome: Outcome) -> None:
        """Nothing is left to be done."""
        self._end(keys=[_DUE, _ONE + id, _COUNTS], args=[_CLIENT, id, outcome])

    def waiting(self) -> int:
        return int(self._redis.zcard(_DUE))

    def counts(self) -> dict[str, int]:
        """How often what came of a try, since the broker began."""
        found = cast("dict[bytes, bytes]", self._redis.hgetall(_COUNTS))
        return {outcome: int(found.get(outcome.encode(), 0)) for outcome in OUTCOMES}
