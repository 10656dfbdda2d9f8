"""The metrics of the system in Prometheus' format, read anew at each scrape so that nothing is stale.

Those in `SHARED` live in the broker: every service shows the same, so that of several one takes `max`, not `sum`.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString
from redis import Redis, RedisError

from featurelens.jobs.kinds import KINDS
from featurelens.jobs.kinds.base import QUEUES
from featurelens.jobs.queue import histograms, liveness, renderers, stats
from featurelens.jobs.queue.broker import LOST, probe
from featurelens.jobs.queue.histograms import TICK, WAIT, WORK, Counted
from featurelens.jobs.queue.histograms import Histogram as Kept
from featurelens.jobs.queue.stats import RendererStats
from featurelens.service.dependencies import Dependencies
from featurelens.service.shared_counters import VARIABLE

ASKED = Counter("featurelens_asked", "Pictures asked for, by what came of it", ["outcome"], registry=None)
"""Of this process: hit (made before), joined (somebody had asked), accepted."""
for _outcome in ("hit", "joined", "accepted"):
    ASKED.labels(_outcome)  # a counter that begins with its first event has not increased, as Prometheus sees it

SHARED = (
    *(
        "broker_writable",
        "queue_length",
        "queue_aside",
        "queue_oldest_wait_seconds",
        "slots",
        "renders_total",
        "renderer_starts_total",
    ),
    *(
        "renderer_up",
        "renderers",
        "lanes",
        "lane_pictures",
        "lane_capacity",
        "ticks_total",
        "tick_seconds_total",
        "steps_total",
    ),
    *("queue_wait_seconds", "render_seconds", "step_seconds"),
    *("webhooks_total", "webhooks_waiting"),
)
"""Without the ``featurelens_`` in front; of histograms without what stands behind."""

NO_ROUTE = "none"
"""The route of a request for an address that there is not."""

REQUEST_SECONDS = Histogram(
    "featurelens_request_seconds",
    "Time until an answer had been sent, without waits for jobs; event streams last as long as somebody listens",
    ["method", "route"],
    buckets=(0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
    registry=None,
)

REQUESTS = Counter("featurelens_requests", "Requests answered", ["method", "status"], registry=None)

METHODS = ("GET", "HEAD", "POST", "DELETE", "OPTIONS")
OTHER = "other"
"""Any other method."""
for _method in (*METHODS, OTHER):
    REQUESTS.labels(_method, "500")  # as above, and an alert waits for the first one


def exposition(deps: Dependencies) -> bytes:
    """All metrics as Prometheus' text."""
    registry = CollectorRegistry()
    registry.register(SystemCollector(deps))
    if VARIABLE in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        for collector in (ASKED, REQUESTS, REQUEST_SECONDS):
            registry.register(collector)
    ProcessCollector(registry=registry)
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
        names = {"version": version("featurelens"), "python": platform.python_version()}
        build = GaugeMetricFamily("featurelens_build_info", "1, with the versions of this service", labels=list(names))
        build.add_metric(list(names.values()), 1)
        yield build

    def _from_disk(self) -> Iterator[Metric]:
        """What is in a bucket is counted there, not here. The store is the state folder where none is named."""
        size = GaugeMetricFamily("featurelens_store_bytes", "Size of what is kept", labels=["what"])
        entries = GaugeMetricFamily("featurelens_store_kept", "How many are kept", labels=["what"])
        evicted = CounterMetricFamily("featurelens_store_evicted", "Evicted by this process", labels=["what"])
        for what, eviction in self._deps.evictions.items():
            size.add_metric([what], eviction.usage.bytes)
            entries.add_metric([what], eviction.usage.entries)
            evicted.add_metric([what], eviction.usage.evicted)
        yield from (size, entries, evicted)
        settings = self._deps.settings
        folders = {"state": settings.state.absolute()} | ({} if settings.bucket else {"store": settings.store_folder})
        total = GaugeMetricFamily("featurelens_disk_bytes", "Of the disk with this folder", labels=["where"])
        free = GaugeMetricFamily("featurelens_disk_free_bytes", "Of that, free for us", labels=["where"])
        for where, folder in folders.items():
            with suppress(OSError):  # it is not there yet, or does not answer: no number then
                disk = shutil.disk_usage(folder)
                total.add_metric([where], disk.total)
                free.add_metric([where], disk.free)
        yield from (total, free)

    def _from_broker(self) -> Iterator[Metric]:
        redis = self._deps.redis
        yield GaugeMetricFamily("featurelens_broker_writable", "1 while it takes anything new", value=_writable(redis))
        length = GaugeMetricFamily("featurelens_queue_length", "Pictures that wait", labels=["queue"])
        aside = GaugeMetricFamily("featurelens_queue_aside", "Pictures set aside", labels=["queue"])
        oldest = GaugeMetricFamily("featurelens_queue_oldest_wait_seconds", "Of the next picture", labels=["queue"])
        for name, queue in stats.queues(self._deps.queue, redis).items():
            length.add_metric([name], queue.length)
            aside.add_metric([name], queue.aside)
            oldest.add_metric([name], queue.oldest_wait)
        slots = GaugeMetricFamily("featurelens_slots", "Slots that take jobs", labels=["queue"])
        for name in QUEUES:
            slots.add_metric([name], liveness.slots_alive(redis, name))
        yield from (length, aside, oldest, slots)
        counts = stats.counts(redis)
        renders = CounterMetricFamily("featurelens_renders", "Pictures that ended", labels=["outcome"])
        for outcome in ("succeeded", "failed", "cancelled"):
            renders.add_metric([outcome], counts.get(outcome, 0))
        yield renders
        told = CounterMetricFamily("featurelens_webhooks", "Callbacks, by what came of a try", labels=["outcome"])
        deliveries = self._deps.callbacks.deliveries
        for outcome, number in deliveries.counts().items():
            told.add_metric([outcome], number)
        yield told
        waiting = deliveries.waiting()
        yield GaugeMetricFamily("featurelens_webhooks_waiting", "For their job, or for another try", value=waiting)
        alive = renderers.alive(redis)
        starts = CounterMetricFamily(
            "featurelens_renderer_starts", "Each but its first is a restart", labels=["renderer"]
        )
        for id, number in stats.starts(redis, alive).items():
            starts.add_metric([id], number)
        yield starts
        yield GaugeMetricFamily("featurelens_renderer_up", "1 while a renderer beats", value=bool(alive))
        yield GaugeMetricFamily("featurelens_renderers", "Renderers that beat", value=len(alive))
        yield from _histograms(redis)
        yield from _of_each(stats.all_renderers(redis))


def _of_each(found: Sequence[RendererStats]) -> Iterator[Metric]:
    """What is told of each renderer, by its id."""
    gauges: dict[str, tuple[str, Callable[[RendererStats], float]]] = {
        "lanes": ("Lanes with pictures", lambda one: one.lanes),
        "lane_pictures": ("Pictures in lanes", lambda one: one.pictures),
        "lane_capacity": ("Pictures a tick could take", lambda one: one.capacity),
    }
    counters: dict[str, tuple[str, Callable[[RendererStats], float]]] = {
        "ticks": ("Ticks of all lanes", lambda one: one.ticks),
        "tick_seconds": ("Time they took", lambda one: one.tick_seconds),
        "steps": ("Steps of all pictures", lambda one: one.steps),
    }
    for family, metrics in ((GaugeMetricFamily, gauges), (CounterMetricFamily, counters)):
        for name, (told, value) in metrics.items():
            metric = family(f"featurelens_{name}", told, labels=["renderer"])
            for one in found:
                metric.add_metric([one.id], value(one))
            yield metric


def _histograms(redis: Redis) -> Iterator[Metric]:
    wait, tick, *work = histograms.read(redis, [WAIT, TICK, *(WORK.of(kind.name) for kind in KINDS)])
    yield _histogram("queue_wait_seconds", "From accepting a job until a slot started it", WAIT, {(): wait})
    yield _histogram("step_seconds", "One step of a lane, or one pass of other work", TICK, {(): tick})
    by_kind: dict[tuple[str, ...], Counted] = {(kind.name,): counted for kind, counted in zip(KINDS, work, strict=True)}
    yield _histogram("render_seconds", "From there until the result was stored", WORK, by_kind, "kind")


def _histogram(
    name: str, told: str, histogram: Kept, counted: Mapping[tuple[str, ...], Counted], *labels: str
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(f"featurelens_{name}", told, labels=labels)
    bounds = [*map(floatToGoString, histogram.bounds), "+Inf"]
    for values, (buckets, seconds) in counted.items():
        family.add_metric(values, list(zip(bounds, accumulate(buckets), strict=True)), seconds)
    return family


def _writable(redis: Redis) -> bool:
    """Raises the `RedisError` of a broker that is away."""
    try:
        probe(redis)
    except LOST:
        raise
    except RedisError:
        return False
    return True
