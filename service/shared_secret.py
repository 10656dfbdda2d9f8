"""A secret that is the same for all services on one broker: what one signs is what another would have signed.

The first service publishes its own. Whoever finds another one there takes it over and keeps it in its file: so the same
is published again after the broker was wiped, by whichever service needs it first.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Lock
from typing import cast

from redis import Redis, RedisError

from featurelens.jobs import atomic_file
from featurelens.jobs.logs import logger

TOKENS = "featurelens:token-secret"
"""What tokens are signed with."""

WEBHOOKS = "featurelens:webhook-secret"
"""The same of webhooks, unless the setting says."""

_LEAST = 16
"""Bytes: with less, or none, anybody could sign."""

PAUSE = 1.0
"""Seconds between two looks at the broker, at least, where something does not fit."""


class SharedSecret:
    """At the broker under `key`, in hexadecimal, so that an operator can set another one, of 16 bytes or more.

    `file` is its owner's alone. `former_for`: seconds for which what was signed before a change is good.
    """

    def __init__(
        self,
        file: Path,
        redis: Redis,
        key: str,
        former_for: float = 0.0,
        make: Callable[[], bytes] | None = None,
    ) -> None:
        self._file = file
        self._redis = redis
        self._key = key
        self._make = make or partial(secrets.token_bytes, 32)
        self._former_for = former_for
        self._known: bytes | None = None
        self._former: tuple[bytes, float] | None = None
        """And until when it is good, by the monotonic clock."""
        self._looked = -PAUSE
        self._lock = Lock()

    def current(self) -> bytes:
        """What to sign with, as agreed at this moment."""
        self._agree()
        return self._kept()

    def good(self) -> list[bytes]:
        """Whatever something may be signed with, as agreed lately."""
        former = self._former
        return [self._kept()] + ([former[0]] if former is not None and time.monotonic() < former[1] else [])

    def outdated(self) -> bool:
        """Whether another one is good now, after a look at the broker; not if the last one was just now."""
        before = self._known
        if time.monotonic() - self._looked >= PAUSE:
            self._agree()
        return self._known != before

    def _agree(self) -> None:
        self._looked = time.monotonic()
        mine = self._kept()
        try:
            with self._redis.pipeline() as pipe:
                pipe.set(self._key, mine.hex(), nx=True)
                pipe.get(self._key)
                agreed = bytes.fromhex(cast("bytes", pipe.execute()[1]).decode())
            if len(agreed) < _LEAST:
                raise ValueError(f"the one at the broker has less than {_LEAST} bytes")
        except (RedisError, ValueError) as error:  # away, or nothing that we have written: ours is as good
            logger().warning("no secret agreed", key=self._key, reason=str(error))
            return
        with self._lock:
            if agreed == self._known:
                return
            if self._known is not None:
                self._former = self._known, time.monotonic() + self._former_for
            self._known = agreed
            try:
                atomic_file.write(self._file, agreed, durable=True, mode=atomic_file.OWNER_ONLY)
            except OSError as error:
                logger().warning("a secret is not kept", key=self._key, reason=error.strerror)

    def _kept(self) -> bytes:
        """The one of the file until there is another."""
        with self._lock:
            if self._known is None:
                self._known = atomic_file.kept(self._file, self._make, mode=atomic_file.OWNER_ONLY)
            return self._known
