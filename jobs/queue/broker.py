"""Connections to Redis or Valkey, and what a client is told when the broker fails."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

from redis import Redis, RedisError
from redis import exceptions as redis_errors
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from featurelens.jobs.broker_address import sentinels
from featurelens.jobs.errors import BrokerUnavailable
from featurelens.jobs.queue.followed import Followed, FollowedTls
from featurelens.jobs.settings import settings

LOST = (redis_errors.ConnectionError, redis_errors.TimeoutError)
"""The server cannot be reached at the moment; any other `RedisError` is a command it refused."""

_FULL = (redis_errors.OutOfMemoryError, redis_errors.ReadOnlyError)
_REFUSALS = ("MISCONF", "NOREPLICAS", "READONLY")
"""Of a server that takes no writes, as its disk is full or its replicas are gone; redis-py has no classes for them. The
last is what Redis 6 says in the middle of an error of a script."""

PROBE = "featurelens:probe"
"""Is written to find out whether that is possible."""

SOCKET_TIMEOUT = 5.0
"""Seconds to wait for an answer. RQ raises it for the connection on which a slot blocks on an empty queue."""

CONNECT_TIMEOUT = 2.0

PATIENCE = 900.0
"""Seconds a worker waits for a broker that is away: nothing else could be done, and doing a job again costs more."""

T = TypeVar("T")


def connect(url: str | None = None) -> Redis:
    """A client of `url`, or of ``REDIS_URL``, that connects with its first command.

    By way of sentinels every connection goes to the present master; one to a master that has been replaced is given up.
    Raises `BrokerUnavailable` when neither is set. Answers are bytes: RQ does not support decoded ones.
    """
    url = url or settings().redis_url
    if url is None:
        raise BrokerUnavailable("REDIS_URL is not set")
    retry = Retry(ExponentialBackoff(cap=0.2, base=0.02), 2)
    limits: dict[str, Any] = {"socket_timeout": SOCKET_TIMEOUT, "socket_connect_timeout": CONNECT_TIMEOUT}
    known = sentinels(url)
    if known is None:
        return Redis.from_url(url, **limits, retry=retry)
    asked = {**limits, "socket_timeout": CONNECT_TIMEOUT, "retry": Retry(NoBackoff(), 0), **known.own}
    watch = Sentinel(known.members, sentinel_kwargs=asked)  # type: ignore[no-untyped-call]
    kind = FollowedTls if known.options.get("ssl") else Followed
    options = {**limits, "retry": retry, **known.options, "connection_class": kind}
    return cast("Redis", watch.master_for(known.master, **options))  # type: ignore[no-untyped-call]


def passing(error: RedisError) -> bool:
    """Whether waiting helps: the broker is away, or takes no writes at the moment."""
    return isinstance(error, (*LOST, *_FULL)) or any(code in str(error) for code in _REFUSALS)


def patiently(call: Callable[[], T], seconds: float | None = PATIENCE) -> T:
    """The result of `call`, repeated while the broker is away or takes no writes.

    Raises the last error after `seconds` (None: never).
    """
    deadline = math.inf if seconds is None else time.monotonic() + seconds
    while True:
        try:
            return call()
        except RedisError as error:
            if not passing(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def probe(redis: Redis) -> None:
    """Raises the `RedisError` with which the broker refuses to be written to."""
    redis.set(PROBE, b"1", ex=60)


def unavailable(error: RedisError) -> BrokerUnavailable:
    """`error` as a client may see it: without the address and the command."""
    if isinstance(error, redis_errors.AuthenticationError):  # to redis-py a connection that was lost
        reason = "does not accept our password"
    elif isinstance(error, LOST):
        reason = "does not answer"
    elif passing(error):
        reason = "takes nothing new (its memory or disk is full, or it is a replica)"
    else:
        reason = "refuses commands"
    return BrokerUnavailable(f"the job queue {reason}; finished pictures are still served")
