"""Small pictures of the current step, made only while somebody watches, kept in Redis for a short while."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from redis import Redis

WATCHED_EXPIRY = 5
"""Seconds after the last look of a watcher until nobody watches any more."""

EXPIRY = 60

INTERVAL = 0.5
"""Seconds between two previews of a picture at least."""

MEDIA_TYPE = "image/webp"


class Previews:
    """The service says who is watched, the slot looks, and puts a preview there."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def watch(self, keys: Iterable[str]) -> None:
        """Somebody watches these now."""
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
