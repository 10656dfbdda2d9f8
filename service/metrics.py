"""The metrics of the system in Prometheus' format, read anew at each scrape so that nothing is stale."""

from __future__ import annotations

import os
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis import Redis, RedisError

from featurelens.jobs.kinds.base import QUEUES
from featurelens.jobs.queue import liveness, stats
from featurelens.jobs.queue.broker import LOST, probe
from featurelens.service.dependencies import Dependencies

ASKED = Counter("featurelens_asked", "Pictures asked for, by what came of it", ["outcome"], registry=None)
"""Of this process: hit (made before), joined (somebody had asked), accepted."""

REQUESTS = Counter("featurelens_requests", "Requests answered", ["method", "status"], registry=None)


def exposition(deps: Dependencies) -> bytes:
    """All metrics as Prometheus' text."""
    registry = CollectorRegistry()
    registry.register(SystemCollector(deps))
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        for collector in (ASKED, REQUESTS):
            registry.register(collector)
    return generate_latest(registry)


class SystemCollector(Collector):
    """Reads broker, queues, renderer, slots, counts and stores."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    def describe(self) -> list[Metric]:
        """Nothing in advance: describing would read everything twice."""
        return []

    def collect(self) -> Iterator[Metric]:
        """While the broker is away, without what lives there."""
        broker = GaugeMetricFamily("featurelens_broker_up", "1 while Redis or Valkey answers")
        try:
            found = list(self._from_broker())
        except RedisError:
            broker.add_metric([], 0)
        else:
            broker.add_metric([], 1)
            yield from found
        yield broker
        yield from self._from_disk()

    def _from_disk(self) -> Iterator[Metric]:
        """Results in a bucket are counted there, not here."""
        size = GaugeMetricFamily("featurelens_store_bytes", "Size of what is kept", labels=["what"])
        entries = GaugeMetricFamily("featurelens_store_kept", "How many are kept", labels=["what"])
        evicted = CounterMetricFamily("featurelens_store_evicted", "Evicted by this process", labels=["what"])
        for what, eviction in self._deps.evictions.items():
            size.add_metric([what], eviction.usage.bytes)
            entries.add_metric([what], eviction.usage.entries)
            evicted.add_metric([what], eviction.usage.evicted)
        yield from (size, entries, evicted)

    def _from_broker(self) -> Iterator[Metric]:
        redis = self._deps.redis
        yield GaugeMetricFamily("featurelens_broker_writable", "1 while it takes anything new", value=_writable(redis))
        length = GaugeMetricFamily("featurelens_queue_length", "Pictures that wait", labels=["queue"])
        oldest = GaugeMetricFamily("featurelens_queue_oldest_wait_seconds", "Of the next picture", labels=["queue"])
        for name, queue in stats.queues(self._deps.queue, redis).items():
            length.add_metric([name], queue.length)
            oldest.add_metric([name], queue.oldest_wait)
        slots = GaugeMetricFamily("featurelens_slots", "Slots that take jobs", labels=["queue"])
        for name in QUEUES:
            slots.add_metric([name], liveness.slots_alive(redis, name))
        yield from (length, oldest, slots)
        counts = stats.counts(redis)
        renders = CounterMetricFamily("featurelens_renders", "Pictures that ended", labels=["outcome"])
        for outcome in ("succeeded", "failed", "cancelled"):
            renders.add_metric([outcome], counts.get(outcome, 0))
        yield renders
        starts = counts.get(stats.STARTS, 0)
        yield CounterMetricFamily("featurelens_renderer_starts", "Each but the first is a restart", value=starts)
        up = liveness.renderer_alive(redis)
        yield GaugeMetricFamily("featurelens_renderer_up", "1 while the renderer beats", value=up)
        renderer = stats.renderer(redis)
        if renderer is not None:
            yield GaugeMetricFamily("featurelens_lanes", "Lanes with pictures", value=renderer.lanes)
            yield GaugeMetricFamily("featurelens_lane_pictures", "Pictures in lanes", value=renderer.pictures)
            yield GaugeMetricFamily("featurelens_lane_capacity", "Pictures a tick could take", value=renderer.capacity)
            yield CounterMetricFamily("featurelens_ticks", "Ticks of all lanes", value=renderer.ticks)
            yield CounterMetricFamily("featurelens_tick_seconds", "Time they took", value=renderer.tick_seconds)
            yield CounterMetricFamily("featurelens_steps", "Steps of all pictures", value=renderer.steps)


def _writable(redis: Redis) -> bool:
    """Raises the `RedisError` of a broker that is away."""
    try:
        probe(redis)
    except LOST:
        raise
    except RedisError:
        return False
    return True
