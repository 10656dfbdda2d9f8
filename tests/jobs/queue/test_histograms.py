"""Histograms in Redis add up, whoever counts."""

from __future__ import annotations

from redis import Redis

from featurelens.jobs.queue import histograms
from featurelens.jobs.queue.histograms import TICK, WAIT, WORK, Counted


def test_a_bound_belongs_to_its_bucket() -> None:
    assert [WAIT.bucket(seconds) for seconds in (0, 0.1, 0.11, 3000, 3001)] == [0, 0, 1, 9, 10]


def test_they_add_up(redis: Redis) -> None:
    scans = WORK.of("scan")
    for seconds in (0.25, 2.0, 2.5, 5000.0):
        histograms.observe(redis, scans, seconds)
    counts = [0] * (len(TICK.bounds) + 1)
    histograms.add(redis, TICK, counts, 0.0)
    counts[2] = 7
    histograms.add(redis, TICK, counts, 0.125)
    histograms.add(redis, TICK, counts, 0.25)
    none, scanned, ticks = histograms.read(redis, [WAIT, scans, TICK])
    assert none == Counted([0] * 11, 0.0)
    assert scanned == Counted([1, 0, 2, 0, 0, 0, 0, 0, 0, 1], 5004.75)
    assert ticks == Counted([0, 0, 14, 0, 0, 0, 0, 0, 0], 0.375)
