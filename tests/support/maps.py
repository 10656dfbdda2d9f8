"""Files of maps as a renderer writes them, of arrays that a test knows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from redis import Redis
from safetensors.numpy import save

from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.records import Records
from featurelens.jobs.spec.base import JobSpec
from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.map_file import FILE_NAME
from featurelens.jobs.store.result import File, describe
from tests.support.results import sha256

Array = NDArray[Any]


def map_file(photograph: Array, activation: Array, preactivation: Array | None = None, **more: Array) -> bytes:
    """`photograph` (H, W, colors) uint8; maps (C, H, W); `more` by name."""
    values = {"activation": activation, **({} if preactivation is None else {"preactivation": preactivation})}
    arrays = {name: maps.astype("<f4") for name, maps in values.items()} | {"photograph": photograph}
    for name, maps in values.items():
        for kind, take in (("maximum", np.max), ("minimum", np.min), ("mean", np.mean)):
            arrays[f"{name}.{kind}"] = take(maps, (1, 2)).astype("<f4")
    content: bytes = save(arrays | {name: array.astype("<f4") for name, array in more.items()})
    return content


def numbers(activation: Array, preactivation: Array | None = None, **more: Any) -> dict[str, Any]:
    """Those of such a file; `more` replaces some."""
    values = {"activation": activation, **({} if preactivation is None else {"preactivation": preactivation})}
    channels, height, width = activation.shape
    return {
        "channels": channels,
        "height": height,
        "width": width,
        "values": {
            name: {"minimum": float(np.float32(maps.min())), "maximum": float(np.float32(maps.max()))}
            for name, maps in values.items()
        },
        "tokens": None,
        "attention": None,
        "device": "cpu",
        **more,
    }


def finish(
    redis: Redis, store: FileStore, key: str, told: dict[str, Any], content: bytes, name: str = FILE_NAME
) -> None:
    """Ends a job that is queued, as a worker would; `content` is that of its file."""
    records, ticket = Records(redis), JobQueue(redis).find(key)
    assert ticket is not None
    attempt = ticket.record.attempt
    assert records.start(key, attempt, "x")
    assert records.commit(key, attempt, "x")
    put(store, key, ticket.record.spec, told, content, name)
    assert records.succeed(key, attempt, "x")


def put(store: FileStore, key: str, spec: JobSpec, told: dict[str, Any], content: bytes, name: str = FILE_NAME) -> None:
    """Into the store, as if it had been made."""
    file = File(name=name, media_type="x/y", bytes=len(content), sha256=sha256(content))
    made = describe(key, spec, told, datetime.now(UTC)).model_copy(update={"files": (file,)})
    store.put(made, [], [content])
