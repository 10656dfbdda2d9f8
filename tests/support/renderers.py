"""Renderers and slots that say they are there, and do nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis import Redis
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from featurelens.jobs.kinds.base import NETWORK, QUEUES
from featurelens.jobs.queue import liveness, stats
from featurelens.jobs.queue.liveness import renderer_key
from featurelens.jobs.queue.queues import queue_of
from featurelens.jobs.queue.renderers import tell_holdings, worker_of
from tests.support.stats import RENDERER


def appear(redis: Redis, id: str, slots: Sequence[str] = QUEUES, holds: Sequence[str] = (), **about: Any) -> None:
    """A renderer with slots for these queues; `holds` are networks, as `Kind.needs` names them."""
    liveness.beat(redis, renderer_key(id))
    stats.publish_renderer(redis, RENDERER.model_copy(update={"id": id, **about}))
    for queue in slots:
        slot = f"rq:worker:{id}-{queue}"
        redis.hset(slot, "last_heartbeat", "now")
        redis.sadd(WORKERS_BY_QUEUE_KEY % queue_of(queue, id), slot)
    if holds:
        tell_holdings(redis, worker_of(id), NETWORK, holds)


def vanish(redis: Redis, id: str) -> None:
    """As one that is killed, and whose last heartbeat has expired."""
    redis.delete(renderer_key(id))


def leave(redis: Redis, id: str) -> None:
    """As one that ends on purpose."""
    liveness.rest(redis, renderer_key(id))
