"""Slots and renderer in one thread: whatever is asked for is finished at once, always the same red picture, maps and
attributions of zeros, or weights of nothing.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, cast

import numpy as np
from PIL import Image
from redis import Redis
from rq.job import Job

from featurelens.jobs.kinds.base import QUEUES
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.records import Records
from featurelens.jobs.spec.activations import ActivationsSpec
from featurelens.jobs.spec.attribution import AttributionSpec
from featurelens.jobs.spec.base import JobSpec
from featurelens.jobs.spec.filters import FiltersSpec
from featurelens.jobs.spec.maps import MapsSpec
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.result import describe
from tests.support.attributions import EXPLAINED, attribution_file
from tests.support.maps import map_file, numbers, put
from tests.support.photographs import encoded
from tests.support.results import result

RED = (255, 0, 0)

_NONE: dict[str, Any] = {"count": 0, "scale": 0.0, "positive": [], "negative": []}
NOTHING: dict[str, Any] = {
    "preactivation": False,
    **{name: [] for name in ("summands", "behind", "unknown")},
    **dict.fromkeys(("incoming", "outgoing", "expanded"), _NONE),
    **dict.fromkeys(("picture", "expanded_picture")),
}
"""What is told of a unit that is made of nothing."""

_PAUSE = 0.1
"""Seconds between two looks: time enough to be seen waiting."""


def make(redis: Redis, store: FileStore, key: str, color: tuple[int, int, int] = RED) -> None:
    """Makes one picture that is queued."""
    ticket = JobQueue(redis).find(key)
    assert ticket is not None
    records, attempt = Records(redis), ticket.record.attempt
    assert records.start(key, attempt, "x")
    assert records.commit(key, attempt, "x")
    _put(store, key, ticket.record.spec, color)
    assert records.succeed(key, attempt, "x")


class FakeWorker(threading.Thread):
    """Takes from both queues until left."""

    def __init__(self, redis: Redis, store: FileStore) -> None:
        super().__init__(name="fake worker")
        self._redis = redis
        self._store = store
        self._done = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._done.set()
        self.join()

    def run(self) -> None:
        while not self._done.wait(_PAUSE):
            for name in QUEUES:
                while self._one(name):
                    continue

    def _one(self, name: str) -> bool:
        attempt = cast("bytes | None", self._redis.lpop(f"rq:queue:{name}"))
        if attempt is None:
            return False
        job = Job.redis_job_namespace_prefix + attempt.decode()
        key = cast("bytes", self._redis.hget(job, "description")).decode()
        records = Records(self._redis)
        if records.start(key, attempt.decode(), "x") and records.commit(key, attempt.decode(), "x"):
            record = records.read(key)
            assert record is not None
            _put(self._store, key, record.spec, RED)
            records.succeed(key, attempt.decode(), "x")
        self._redis.delete(job)
        return True


def _put(store: FileStore, key: str, spec: JobSpec, color: tuple[int, int, int]) -> None:
    if isinstance(spec, MapsSpec):
        assert spec.size is not None
        zeros = np.zeros((10, 2, 3), np.float32)
        put(store, key, spec, numbers(zeros), map_file(np.zeros((*spec.size, 3), np.uint8), zeros))
        return
    if isinstance(spec, AttributionSpec):
        assert spec.size is not None
        content = attribution_file(np.zeros((*spec.size, 3), np.uint8), np.zeros(spec.size, np.float32))
        put(store, key, spec, EXPLAINED, content, "attribution.safetensors")
        return
    if isinstance(spec, ActivationsSpec):
        store.put(describe(key, spec, {"classes": [], "layers": []}, datetime.now(UTC)), [])
        return
    if isinstance(spec, FiltersSpec):
        store.put(describe(key, spec, NOTHING, datetime.now(UTC)), [])
        return
    assert isinstance(spec, VisualizationSpec)
    assert spec.size is not None
    png = encoded(Image.new("RGB", spec.size[::-1], color))
    store.put(result([png], key, spec, {}), [png])
