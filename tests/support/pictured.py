"""Finished pictures of units, in the list of all jobs."""

from __future__ import annotations

from typing import Any

from redis import Redis

from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.queue.index import write
from featurelens.jobs.store.file_store import FileStore
from tests.support.catalog import ENTRY
from tests.support.results import result
from tests.support.visualizations import PNG, SPEC
from tests.support.visualizations import URL as PICTURES


def pictured(redis: Redis, store: FileStore, channel: int, value: float, **change: Any) -> str:
    """Where a finished picture is whose unit says `value`; it is in the list of all jobs."""
    spec = SPEC.model_copy(update={"channel": channel, **change})
    key = VISUALIZATION.key(spec, ENTRY.digest, ENTRY.renderer)
    made = result([PNG], key, spec, {"activation": value, "preactivation": value})
    store.put(made, [PNG])
    with redis.pipeline() as pipe:
        write(pipe, key, spec, made.finished, "succeeded", 600)
        pipe.execute()
    return f"{PICTURES}/{key}"
