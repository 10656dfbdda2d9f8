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

LEASE = 25
"""Seconds for which one that was taken is left alone: more than a call may take."""

Outcome = Literal["delivered", "retried", "failed"]
OUTCOMES: tuple[Outcome, ...] = ("delivered", "retried", "failed")

_DUE = "featurelens:webhooks"
"""Sorted set of their ids by the time, in seconds since 1970, at which they are looked at."""

_COUNTS = "featurelens:webhooks:counts"
_ONE = "featurelens:webhook:"

_ADD = """
if redis.call('EXISTS', KEYS[2]) == 1 then return 1 end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1], ARGV[1])
redis.call('HSET', KEYS[2], 'added', time[1], unpack(ARGV, 4))
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 1
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
        self._later = redis.register_script(_LATER)

    def add(self, delivery: Delivery) -> None:
        """Once for each id. Raises `QueueFull`."""
        fields = ("key", delivery.key, "url", delivery.url, "prefix", delivery.prefix)
        arguments: list[Any] = [delivery.id, MOST, IN_FLIGHT_EXPIRY, *fields]
        if not self._add(keys=[_DUE, _ONE + delivery.id], args=arguments):
            raise QueueFull(f"{MOST} callbacks wait already")

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
        """It is told again then, with the same body."""
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(_ONE + delivery.id, mapping=cast("Any", {"tries": delivery.tries + 1, "body": body}))
            pipe.hincrby(_COUNTS, "retried", 1)
            pipe.execute()
        self.put_off({delivery.id: seconds})

    def end(self, id: str, outcome: Outcome) -> None:
        """Nothing is left to be done."""
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.zrem(_DUE, id)
            pipe.delete(_ONE + id)
            pipe.hincrby(_COUNTS, outcome, 1)
            pipe.execute()

    def waiting(self) -> int:
        return int(self._redis.zcard(_DUE))

    def counts(self) -> dict[str, int]:
        """How often what came of a try, since the broker began."""
        found = cast("dict[bytes, bytes]", self._redis.hgetall(_COUNTS))
        return {outcome: int(found.get(outcome.encode(), 0)) for outcome in OUTCOMES}
