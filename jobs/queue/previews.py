"""Previews: small pictures of the current step, made only while a client watches, kept in Redis for a minute."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from redis import Redis

WATCHED_EXPIRY = 5
"""Seconds a job counts as watched after the last call of `watch`."""

EXPIRY = 60
"""Seconds a preview is kept."""

INTERVAL = 0.5
"""Seconds between two previews of a job at least."""

MEDIA_TYPE = "image/webp"


class Previews:
    """The service marks jobs as watched; the slot reads the mark and stores previews as WebP."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def watch(self, keys: Iterable[str]) -> None:
        """Marks these jobs as watched."""
        with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.set(_watched(key), b"1", ex=WATCHED_EXPIRY)
            pipe.execute()

    def watched(self, key: str) -> bool:
        return bool(self._redis.exists(_watched(key)))

    def put(self, key: str, webp: bytes) -> None:
        self._redis.set(_preview(key), webp, ex=EXPIRY)

    def get(self, key: str) -> bytes | None:
        return cast("bytes | None", self._redis.get(_preview(key)))


def _watched(key: str) -> str:
    return f"featurelens:watched:{key}"


def _preview(key: str) -> str:
    return f"featurelens:preview:{key}"
