"""Whose queue it is: a store's. What one store's workers make, a service of another would never show.

A store owns the queue for as long as a launcher of it renews that, be it of workers or of a service.
"""

from __future__ import annotations

from uuid import uuid4

from featurelens.jobs.store.identity import Identity
from featurelens.launcher.broker import client
from featurelens.launcher.claim import Refused

EXPIRY = 60
"""Seconds after which a queue that nobody renews is free."""

RENEWAL = 10.0
"""Seconds between two renewals."""

_KEY = "featurelens:owner"
"""Holds the id of the store and where it is. Versions before this one write those of the worker's state folder."""
_SINCE = "."
"""Follows the id since it is that of a store."""
_HOLDERS = "featurelens:owner:holders"
"""A sorted set of the launchers that renew, each by when it is to be forgotten."""

_CLAIM = """
local owner = redis.call('GET', KEYS[1])
if owner and ARGV[5] ~= '' and string.sub(owner, 1, #ARGV[5]) == ARGV[5] then return end
if owner and string.sub(owner, 1, #ARGV[1]) ~= ARGV[1] then return owner end
redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2], 'EX', ARGV[3])
redis.call('ZADD', KEYS[2], redis.call('TIME')[1] + ARGV[3], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[3])
"""

_RELEASE = """
redis.call('ZREM', KEYS[2], ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', redis.call('TIME')[1])
local owner = redis.call('GET', KEYS[1])
if owner and string.sub(owner, 1, #ARGV[1]) == ARGV[1] and redis.call('ZCARD', KEYS[2]) == 0 then
  redis.call('DEL', KEYS[1])
end
"""


class Owner:
    """The store as owner of the queue at `url`, on behalf of one launcher.

    `former`: the id of a state folder whose worker, where it is of a version before this one, may keep the queue.
    """

    def __init__(self, url: str, store: Identity, former: str | None = None) -> None:
        self._url = url
        self._store = store
        self._holder = uuid4().hex
        self._former = f"{former} " if former else ""

    async def claim(self) -> None:
        """Takes, joins or renews. Raises `Refused` when it is another store's, `RedisError` when the broker is away."""
        values = self._store.id, f"{_SINCE} {self._store.where}", str(EXPIRY), self._holder, self._former
        async with client(self._url) as redis:
            other = await redis.eval(_CLAIM, 2, _KEY, _HOLDERS, *values)
        if other is not None:
            whose = other.decode(errors="replace").partition(" ")[2]
            raise Refused(
                f"the queue at REDIS_URL belongs to the store {whose}, and this one is {self._store.where}: name that "
                "one here (FEATURELENS_RESULTS, or FEATURELENS_STATE where it is a state folder), or another database "
                f"of the server (redis://.../1), or stop all that uses that store and wait {EXPIRY} s"
            )

    async def release(self) -> None:
        """Frees the queue, if it is this store's and nobody else renews it."""
        async with client(self._url) as redis:
            await redis.eval(_RELEASE, 2, _KEY, _HOLDERS, self._store.id, self._holder)
