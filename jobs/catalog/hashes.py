"""Hashes in Redis that are published whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from redis import Redis


def replace(redis: Redis, hashes: Mapping[str, Mapping[str, str]]) -> None:
    """Replaces each of `hashes`, fields by key, all at once."""
    with redis.pipeline(transaction=True) as pipe:
        for key, fields in hashes.items():
            pipe.delete(key)
            if fields:
                pipe.hset(key, mapping=cast("Any", fields))
        pipe.execute()
