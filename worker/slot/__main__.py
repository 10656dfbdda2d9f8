"""``python -m featurelens.worker.slot [QUEUE]``: one slot of the renderer of the settings, until told to stop."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Sequence
from functools import partial

from redis import Redis, RedisError

from featurelens.jobs.kinds.base import QUEUE, QUEUES, SWEEP_QUEUE
from featurelens.jobs.logs import configure, logger
from featurelens.jobs.queue.aside import restore
from featurelens.jobs.queue.broker import connect, probe
from featurelens.jobs.settings import settings_of
from featurelens.worker.crash_signals import tell_apart
from featurelens.worker.slot.slot import Slot
from featurelens.worker.slot.sweep_slot import SweepSlot


def await_broker(redis: Redis) -> None:
    """Returns as soon as the broker answers and can be written to."""
    logged = False
    while True:
        try:
            probe(redis)
            return
        except RedisError as error:
            if not logged:
                logger().warning("waiting for the broker", reason=str(error))
                logged = True
            time.sleep(0.5)


def take_jobs(redis: Redis, queue: str, renderer: str = "") -> bool:
    """Takes jobs for `renderer` until asked to leave (True), or until the broker has trouble (False)."""
    slot: Slot | None = None
    try:
        slot = SweepSlot(redis, renderer) if queue == SWEEP_QUEUE else Slot(redis, queue, renderer)
        restore(redis, slot.queues[0])
        signal.signal(signal.SIGTERM, partial(_leave, slot))  # until RQ has its own handler
        logger().info("ready", slot=slot.name, queue=slot.queues[0].name)
        slot.work(logging_level="WARNING")
    except RedisError as error:
        logger().warning("the broker has trouble", reason=str(error))
    return slot is not None and slot.leaving


def _leave(slot: Slot, *_: object) -> None:
    slot.leaving = True
    sys.exit(0)


def main(arguments: Sequence[str]) -> int:
    """Takes jobs until SIGTERM, from the queue of single jobs or the one named. Exit status 2: no such queue."""
    queue = arguments[0] if arguments else QUEUE
    if queue not in QUEUES:
        sys.stderr.write(f"featurelens slot: no queue {queue}; there are {', '.join(QUEUES)}\n")
        return 2
    configure("slot")
    tell_apart()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    configured = settings_of("slot")
    redis = connect(configured.redis_url)
    while True:
        await_broker(redis)
        if take_jobs(redis, queue, configured.renderer_id):
            return 0
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
