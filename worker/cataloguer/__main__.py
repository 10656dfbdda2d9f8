"""``python -m featurelens.worker.cataloguer``: tells what can be pictured, until SIGTERM or SIGINT."""

from __future__ import annotations

import signal
from functools import partial

import torch
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.logs import configure, logger
from featurelens.jobs.queue.broker import connect
from featurelens.jobs.queue.liveness import cataloguer_key
from featurelens.jobs.settings import settings_of
from featurelens.worker.cataloguer.cataloguer import Cataloguer
from featurelens.worker.cataloguer.dataset_watch import DatasetWatch
from featurelens.worker.datasets.shelf import Shelf
from featurelens.worker.heartbeat import Heartbeat
from featurelens.worker.models.registry import Registry
from featurelens.worker.models.trial import SECONDS

HANG = SECONDS + 60.0
"""Of its loop: the trial of an own network may take as long as it may take."""


def main() -> None:
    """Runs the cataloguer and its heartbeat."""
    configure("cataloguer")
    configured = settings_of("cataloguer")
    torch.set_num_threads(1)  # the cores are the renderer's
    worker = configured.worker
    heartbeat = Heartbeat(connect(), cataloguer_key(worker), HANG)
    heartbeat.tell = partial(_live, worker)
    cataloguer = Cataloguer(Registry(configured), connect(), heartbeat.touch, worker)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: cataloguer.stop())
    heartbeat.start()
    DatasetWatch(Shelf.of(configured), connect(), worker).start()
    logger().info("ready")
    cataloguer.run()
    heartbeat.stop()


def _live(worker: str, redis: Redis) -> None:
    """What the worker has told stays offered, also while a network is being described."""
    catalog = Catalog(redis, worker)
    catalog.lists.touch()
    catalog.datasets.lists.touch()


if __name__ == "__main__":
    main()
