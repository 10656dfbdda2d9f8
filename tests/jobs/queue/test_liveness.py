"""Who counts as there."""

from __future__ import annotations

from redis import Redis
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from featurelens.jobs.kinds.base import QUEUE
from featurelens.jobs.queue import liveness
from featurelens.jobs.queue.liveness import BEATS, SHARED, renderer_key


def test_slots_whose_registration_has_expired_do_not_count(redis: Redis) -> None:
    redis.sadd(WORKERS_BY_QUEUE_KEY % QUEUE, "rq:worker:a", "rq:worker:gone")
    redis.hset("rq:worker:a", "last_heartbeat", "now")
    assert liveness.slots_alive(redis) == 1


def test_a_beat_runs_out(redis: Redis) -> None:
    liveness.beat(redis)
    assert 0 < redis.ttl(liveness.RENDERER) <= liveness.EXPIRY
    liveness.rest(redis)
    assert not liveness.renderer_alive(redis)


def test_beats_are_counted_and_services_from_before_find_a_renderer(redis: Redis) -> None:
    for _ in range(2):
        liveness.beat(redis, renderer_key("a.0"))
    assert redis.hget(BEATS, "a.0") == b"2"
    assert redis.get(liveness.RENDERER) == SHARED
    redis.delete(liveness.RENDERER)
    liveness.beat(redis)
    liveness.beat(redis, renderer_key("a.0"))
    assert redis.get(liveness.RENDERER) != SHARED, "one without an id lives"
    liveness.rest(redis, renderer_key("a.0"))
    assert not liveness.renderer_alive(redis, "a.0")
    assert redis.hget(BEATS, "a.0") is None
