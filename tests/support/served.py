"""A service that makes whatever it is asked for at once, for its clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from featurelens.jobs.kinds.base import QUEUES
from featurelens.jobs.queue import liveness
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from tests.support.fake_worker import FakeWorker
from tests.support.server import Server


def somebody_works(redis: Redis) -> None:
    """A worker is there, as far as the broker can tell."""
    liveness.beat(redis)
    for queue in QUEUES:
        redis.sadd(WORKERS_BY_QUEUE_KEY % queue, "rq:worker:a")
    redis.hset("rq:worker:a", "last_heartbeat", "now")


@contextmanager
def served(redis: Redis, broker: str, state: Path, *, works: bool = True, auth: str = "auto") -> Iterator[Server]:
    """`works` False: somebody is there to take jobs, and does not."""
    settings = Settings.model_validate({"redis_url": broker, "state": state, "auth": auth})
    somebody_works(redis)
    with Server(settings) as server:
        if works:
            with FakeWorker(redis, FileStore(settings.results_folder)):
                yield server
        else:
            yield server
        server.settle()
