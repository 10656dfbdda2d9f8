"""The renderer's figures: what its ticks took, alone and in company, for the kinds of lanes that were measured last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest
import torch
from redis import Redis

from featurelens.jobs.kinds.base import NETWORK, QUEUE
from featurelens.jobs.queue import histograms, liveness, stats
from featurelens.jobs.queue.histograms import TICK
from featurelens.jobs.queue.liveness import renderer_key
from featurelens.jobs.queue.renderers import tell_holdings
from featurelens.jobs.queue.router import Demand, Router
from featurelens.jobs.queue.speeds import LaneKind
from featurelens.jobs.queue.stats import RendererStats
from featurelens.worker.renderer import lane_stats
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.lane_stats import LaneStats
from featurelens.worker.renderer.speedometer import KINDS, RECENT, Speedometer
from featurelens.worker.renderer.work import Work

KIND = LaneKind("sha256:0", ("conv2",), (64, 96))
DEVICE = Device(torch.device("cpu"), torch.float32)


@dataclass(frozen=True)
class Rows:
    """Work of which only its rows matter."""

    rows: int


@dataclass
class Ticking:
    """A group of which only its lane and its room matter."""

    lane: LaneKind | None
    room: int = 8


class Clock:
    """Tells the time that a test sets."""

    now = 0.0

    def perf_counter(self) -> float:
        return self.now


def ticked(stats: LaneStats, clock: Clock, seconds: float, rows: list[int], lane: LaneKind | None = KIND) -> None:
    with stats.tick(cast("Any", Ticking(lane)), cast("list[Work]", [Rows(one) for one in rows])):
        clock.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(lane_stats, "time", made)
    return made


def test_seconds_a_step_and_row(clock: Clock) -> None:
    """Alone: the tick, and of a picture of many rows or of one in passes its part; in company: the tick, shared."""
    stats = LaneStats(DEVICE)
    ticked(stats, clock, 1.0, [1])
    assert [(one.alone, one.shared) for one in stats.read().speeds] == [(1.0, None)]
    ticked(stats, clock, 2.0, [1, 3])
    ticked(stats, clock, 8.0, [16])  # one pass of eight rows
    ticked(stats, clock, 4.0, [1], lane=None)
    found = stats.read()
    (speed,) = found.speeds
    assert (speed.digest, speed.layers, speed.height, speed.width) == ("sha256:0", ["conv2"], 64, 96)
    assert (speed.alone, speed.shared) == (1.0, 0.5)
    assert (found.ticks, found.tick_seconds, found.steps) == (4, 15.0, 5)


def test_the_median_of_the_latest_ticks(clock: Clock) -> None:
    """One that took long, such as the first, tells nothing."""
    stats = LaneStats(DEVICE)
    ticked(stats, clock, 100.0, [1])
    for _ in range(4):
        ticked(stats, clock, 0.5, [1])
    assert stats.read().speeds[0].alone == 0.5
    for _ in range(RECENT):
        ticked(stats, clock, 0.25, [1])
    assert stats.read().speeds[0].alone == 0.25


def test_it_stays_small() -> None:
    """The kinds that were measured last are told of."""
    speedometer = Speedometer()
    kinds = [KIND._replace(size=(64, 64 + width)) for width in range(KINDS + 1)]
    for kind in kinds[:-1]:
        speedometer.add(kind, 1.0, 1, alone=True)
    speedometer.add(kinds[0], 1.0, 1, alone=True)
    speedometer.add(kinds[-1], 1.0, 1, alone=True)
    widths = {speed.width for speed in speedometer.read()}
    assert len(widths) == KINDS
    assert 65 not in widths
    assert {64, 64 + KINDS} <= widths


def test_older_and_newer_figures_are_understood() -> None:
    """A renderer of another version may tell less, or more."""
    told = LaneStats(DEVICE).read().model_dump(mode="json")
    assert RendererStats.model_validate({**told, "more": 1}).speeds == []
    del told["speeds"]
    assert RendererStats.model_validate(told).speeds == []


def test_what_is_told_of_ticks_is_counted_once(clock: Clock, redis: Redis) -> None:
    """However often it is told."""
    lanes = LaneStats(DEVICE)
    for seconds in (0.02, 0.02, 2.0):
        ticked(lanes, clock, seconds, [1])
        lanes.tell(redis)
        lanes.tell(redis)
    (told,) = histograms.read(redis, [TICK])
    assert (told.buckets[TICK.bucket(0.02)], told.buckets[TICK.bucket(2.0)], sum(told.buckets)) == (2, 1, 3)
    assert told.seconds == pytest.approx(2.04)
    assert stats.counts(redis) == {stats.STARTS: 1}


def test_until_its_worker_tells_what_it_holds_a_renderer_gets_nothing(redis: Redis) -> None:
    """One that joins may be ready before its cataloguer: it would fail what only others can do."""
    LaneStats(DEVICE, id="new.0").tell(redis)
    liveness.beat(redis, renderer_key("new.0"))
    redis.hset("rq:worker:slot", "last_heartbeat", "now")
    redis.sadd("rq:workers:featurelens@new.0", "rq:worker:slot")
    network = Demand("a lane", "visualization", ("network sha256:0 6",))
    router = Router(redis)
    assert router.places(QUEUE, [network]) == [None]
    tell_holdings(redis, "new", NETWORK, network.needs)
    LaneStats(DEVICE, id="new.0").tell(redis)
    assert router.places(QUEUE, [network]) == [f"{QUEUE}@new.0"]
