"""The way to Redis or Valkey: every process opens its connections here, and their failures get their words here."""

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
"""The server cannot be reached at the moment; any other `RedisError` is an answer that says no."""

SOCKET_TIMEOUT = 5.0
"""Seconds an answer may take. Slots block longer than that on an empty queue: RQ raises it for its own connection."""

CONNECT_TIMEOUT = 2.0

PATIENCE = 60.0
"""Seconds a worker waits for a broker that is away: to make a picture again would cost more."""

T = TypeVar("T")


def connect(url: str | None = None) -> Redis:
    """A lazy client of `url`, or of ``REDIS_URL``: nothing is sent yet, so nothing can fail yet.

    Raises `BrokerUnavailable` when no address is known. Answers are bytes: RQ does not support decoded ones.
    """
    url = url or settings().redis_url
    if url is None:
        raise BrokerUnavailable("REDIS_URL is not set")
    retry = Retry(ExponentialBackoff(cap=0.2, base=0.02), 2)
    return Redis.from_url(url, socket_timeout=SOCKET_TIMEOUT, socket_connect_timeout=CONNECT_TIMEOUT, retry=retry)


def patiently(call: Callable[[], T]) -> T:
    """Does `call`, again and again while the broker is away. Raises the last error after `PATIENCE`."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return call()
        except LOST:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def unavailable(error: RedisError) -> BrokerUnavailable:
    """What a client may know of `error`: neither the address nor the command."""
    reason = "does not answer" if isinstance(error, LOST) else "refuses commands"
    return BrokerUnavailable(f"the job queue {reason}; finished pictures are still served")
