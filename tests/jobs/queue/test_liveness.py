"""Who counts as there."""

from __future__ import annotations

import pytest
from redis import Redis
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from featurelens.jobs.errors import NoWorker
from featurelens.jobs.kinds.base import QUEUE
from featurelens.jobs.queue import liveness


def test_both_must_be_there(redis: Redis) -> None:
    with pytest.raises(NoWorker, match="renderer"):
        liveness.check(redis)
    liveness.beat(redis)
    with pytest.raises(NoWorker, match="slot"):
        liveness.check(redis)
    redis.sadd(WORKERS_BY_QUEUE_KEY % QUEUE, "rq:worker:a", "rq:worker:gone")
    redis.hset("rq:worker:a", "last_heartbeat", "now")
    liveness.check(redis)
    assert liveness.slots_alive(redis) == 1
    liveness.rest(redis)
    assert liveness.missing(redis) == "the renderer is not running"


def test_a_beat_runs_out(redis: Redis) -> None:
    liveness.beat(redis)
    assert 0 < redis.ttl(liveness.RENDERER) <= liveness.EXPIRY
