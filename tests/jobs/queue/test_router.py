"""Jobs go to renderers that live, take jobs, hold what is needed, know the kind, and have the memory."""

from __future__ import annotations

from collections import Counter

import pytest
from redis import Redis

from featurelens.jobs.errors import NoWorker, OtherVersion
from featurelens.jobs.kinds.base import QUEUE, SWEEP_QUEUE
from featurelens.jobs.queue import liveness
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.router import Demand, Router
from featurelens.jobs.queue.ticket import Wanted
from featurelens.jobs.spec.visualization import VisualizationSpec
from tests.support.renderers import appear, leave, vanish

NEEDS = ("network sha256:0 6",)
PICTURE = Demand("a lane", "visualization", NEEDS)


def test_both_renderer_and_slots_must_be_there(redis: Redis) -> None:
    router = Router(redis)
    with pytest.raises(NoWorker, match="the renderer is not running"):
        router.check()
    appear(redis, "a.0", slots=())
    with pytest.raises(NoWorker, match="no slot takes jobs"):
        router.check()
    appear(redis, "a.0", slots=[QUEUE])
    assert [look.id for look in router.check()] == ["a.0"]
    with pytest.raises(NoWorker, match="no slot takes sweeps"):
        router.check(SWEEP_QUEUE)
    leave(redis, "a.0")
    assert router.missing() == "the renderer is not running"


def test_one_without_an_id_has_the_bare_queues(redis: Redis) -> None:
    """As a worker from before there could be several, which tells nothing but that it is there."""
    liveness.beat(redis)
    redis.hset("rq:worker:old", "last_heartbeat", "now")
    redis.sadd("rq:workers:featurelens", "rq:worker:old")
    assert Router(redis).places(QUEUE, [PICTURE]) == [QUEUE]


def test_pictures_of_a_lane_stay_together_and_lanes_spread(redis: Redis) -> None:
    for number in range(4):
        appear(redis, f"w{number}.0")
    router = Router(redis)
    lanes = [Demand(f"lane {number}", "visualization") for number in range(40)]
    homes = {lane: set(router.places(SWEEP_QUEUE, [lane] * 4)) for lane in lanes}
    assert all(len(places) == 1 for places in homes.values())
    assert len(set.union(*homes.values())) == 4
    assert router.places(SWEEP_QUEUE, lanes) == router.places(SWEEP_QUEUE, lanes)


def test_a_large_sweep_spills_in_whole_blocks(redis: Redis) -> None:
    for number in range(4):
        appear(redis, f"w{number}.0", sweep_pictures=16)
    blocks = Counter(Router(redis).places(SWEEP_QUEUE, [PICTURE] * 256))
    assert sum(blocks.values()) == 256
    assert max(blocks.values()) <= 1.25 * 64 + 16, "then idle ones take from its end"
    assert all(count % 16 == 0 for count in blocks.values())


def test_only_to_those_who_can(redis: Redis) -> None:
    """Another network, another engine, a kind it does not know, no memory, no slots, no heartbeat."""
    appear(redis, "network.0", holds=["network sha256:1 6"])
    appear(redis, "engine.0", holds=["network sha256:0 5"])
    appear(redis, "kind.0", holds=NEEDS, kinds=("scan",))
    appear(redis, "memory.0", holds=NEEDS, memory=1000)
    appear(redis, "slots.0", holds=NEEDS, slots=[SWEEP_QUEUE])
    appear(redis, "dead.0", holds=NEEDS)
    vanish(redis, "dead.0")
    large = PICTURE._replace(memory=2000)
    router = Router(redis)
    assert router.places(QUEUE, [large]) == [None]
    appear(redis, "able.0", holds=NEEDS, memory=4000)
    for lane in range(20):
        assert router.places(QUEUE, [large._replace(lane=f"{lane}")]) == [f"{QUEUE}@able.0"]


def test_what_nobody_holds_is_said(redis: Redis) -> None:
    appear(redis, "a.0", holds=["network sha256:1 6"])
    with pytest.raises(NoWorker, match="no worker that is running has network sha256:0 6"):
        Router(redis).check(QUEUE, "visualization", NEEDS)
    appear(redis, "b.0", holds=NEEDS, kinds=("scan",), version="0.0.9")
    with pytest.raises(OtherVersion, match=r"0\.0\.9 and knows scan"):
        Router(redis).check(QUEUE, "visualization", NEEDS)


def test_a_renderer_that_is_busier_than_others_gets_no_more(redis: Redis) -> None:
    queue = JobQueue(redis)
    for id in ("a.0", "b.0"):
        appear(redis, id, sweep_pictures=4)
    spec = VisualizationSpec(model="m", layer="l", channel=1, size=(64, 64), steps=10).completed()
    tickets = [queue.submit(f"fv1_{number:064x}", spec, "sha256:0") for number in range(40)]
    counts = Counter(ticket.record.queue for ticket in tickets)
    assert max(counts.values()) <= 1.25 * 20 + 4 + 1
    assert len(queue) == 40
    for name in counts:  # each is told its place in its own queue
        assert [one.position for one in tickets if one.record.queue == name] == list(range(1, counts[name] + 1))


def test_a_swept_picture_that_is_asked_for_alone_moves_over_within_its_renderer(redis: Redis) -> None:
    appear(redis, "a.0")
    queue = JobQueue(redis)
    spec = VisualizationSpec(model="m", layer="l", channel=1, size=(64, 64), steps=10).completed()
    key = "fv1_" + "b" * 64
    queue.submit_all([Wanted(key, spec, "sha256:0")], SWEEP_QUEUE)
    found = queue.find(key)
    assert found is not None
    assert found.record.queue == f"{SWEEP_QUEUE}@a.0"
    joined = queue.join(key)
    assert joined is not None
    assert (joined.record.queue, joined.position) == (f"{QUEUE}@a.0", 1)
    assert queue.leave(key) == "left"
    assert queue.leave(key) == "cancelled"
    assert len(queue) == 0


def test_what_has_vanished_from_rq_is_queued_where_it_can_be_made(redis: Redis) -> None:
    appear(redis, "a.0")
    queue = JobQueue(redis)
    spec = VisualizationSpec(model="m", layer="l", channel=1, size=(64, 64), steps=10).completed()
    key = "fv1_" + "c" * 64
    ticket = queue.submit(key, spec, "sha256:0")
    redis.delete(f"rq:job:{ticket.record.attempt}", f"rq:queue:{QUEUE}@a.0")
    leave(redis, "a.0")
    appear(redis, "b.0")
    found = queue.find(key)
    assert found is not None
    assert (found.record.queue, found.position) == (f"{QUEUE}@b.0", 1)
