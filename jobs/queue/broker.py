"""Connections to Redis or Valkey, and what a client is told when the broker fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from redis import Redis, RedisError
from redis import exceptions as redis_errors
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from featurelens.jobs.errors import BrokerUnavailable
from featurelens.jobs.settings import settings

LOST = (redis_errors.ConnectionError, redis_errors.TimeoutError)
"""The server cannot be reached at the moment; any other `RedisError` is a command it refused."""

SOCKET_TIMEOUT = 5.0
"""Seconds to wait for an answer. RQ raises it for the connection on which a slot blocks on an empty queue."""

CONNECT_TIMEOUT = 2.0

PATIENCE = 60.0
"""Seconds a worker waits for a broker that is away: doing the job again would cost more."""

T = TypeVar("T")


def connect(url: str | None = None) -> Redis:
    """A client of `url`, or of ``REDIS_URL``, that connects with its first command.

    Raises `BrokerUnavailable` when neither is set. Answers are bytes: RQ does not support decoded ones.
    """
    url = url or settings().redis_url
    if url is None:
        raise BrokerUnavailable("REDIS_URL is not set")
    retry = Retry(ExponentialBackoff(cap=0.2, base=0.02), 2)
    return Redis.from_url(url, socket_timeout=SOCKET_TIMEOUT, socket_connect_timeout=CONNECT_TIMEOUT, retry=retry)


def patiently(call: Callable[[], T]) -> T:
    """The result of `call`, repeated while the broker cannot be reached. Raises the last error after `PATIENCE`."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return call()
        except LOST:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def unavailable(error: RedisError) -> BrokerUnavailable:
    """`error` as a client may see it: without the address and the command."""
    if isinstance(error, redis_errors.AuthenticationError):  # to redis-py a connection that was lost
        return BrokerUnavailable("the job queue does not accept our password; finished pictures are still served")
    reason = "does not answer" if isinstance(error, LOST) else "refuses commands"
    return BrokerUnavailable(f"the job queue {reason}; finished pictures are still served")
