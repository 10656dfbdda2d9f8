"""Hashes in Redis that are published whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from redis.client import Pipeline


def replace(pipe: Pipeline, hashes: Mapping[str, Mapping[str, str]]) -> None:
    """Replaces each of `hashes`, fields by key, in the transaction `pipe`."""
    for key, fields in hashes.items():
        pipe.delete(key)
        if fields:
            pipe.hset(key, mapping=cast("Any", fields))
