"""The secret that tokens are signed with, the same for all services on one broker: each opens what another has signed.

The first service publishes its own. Whoever finds another one there takes it over and keeps it in its file: so the same
is published again after the broker was wiped, by whichever service is asked for a token first.
"""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from threading import Lock
from typing import cast

from redis import Redis, RedisError

from featurelens.jobs import atomic_file
from featurelens.jobs.logs import logger

KEY = "featurelens:token-secret"
"""In hexadecimal, so that an operator can set another one, of 16 bytes or more."""

_LEAST = 16
"""Bytes: with less, or none, anybody could sign."""

PAUSE = 1.0
"""Seconds between two looks at the broker, at least, where tokens do not fit."""


class TokenSecret:
    """`file` is its owner's alone. `former_for`: seconds for which what was signed before a change is good."""

    def __init__(self, file: Path, redis: Redis, former_for: float) -> None:
        self._file = file
        self._redis = redis
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
        """Whatever a token may be signed with, as agreed lately."""
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
                pipe.set(KEY, mine.hex(), nx=True)
                pipe.get(KEY)
                agreed = bytes.fromhex(cast("bytes", pipe.execute()[1]).decode())
            if len(agreed) < _LEAST:
                raise ValueError(f"the one at the broker has less than {_LEAST} bytes")
        except (RedisError, ValueError) as error:  # away, or nothing that we have written: ours is as good
            logger().warning("no secret for tokens agreed", reason=str(error))
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
                logger().warning("the secret for tokens is not kept", reason=error.strerror)

    def _kept(self) -> bytes:
        """The one of the file until there is another."""
        with self._lock:
            if self._known is None:
                self._known = atomic_file.kept(self._file, lambda: secrets.token_bytes(32), mode=atomic_file.OWNER_ONLY)
            return self._known
