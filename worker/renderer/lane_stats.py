"""The renderer's statistics: updated by its loop, published with each heartbeat."""

from __future__ import annotations

import socket
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from redis import Redis

from featurelens.jobs.kinds import KINDS
from featurelens.jobs.queue import histograms, stats
from featurelens.jobs.queue.histograms import TICK
from featurelens.jobs.queue.renderers import tell_nothing_yet, worker_of
from featurelens.jobs.queue.stats import RendererStats
from featurelens.jobs.version import VERSION
from featurelens.worker.renderer.device import Device, precision
from featurelens.worker.renderer.lanes import SINGLE_PICTURES, SWEEP_PICTURES
from featurelens.worker.renderer.speedometer import Speedometer
from featurelens.worker.renderer.work import Group, Work


class LaneStats:
    """Written by the loop, read by the heartbeat's thread, which sees the state after a whole turn."""

    def __init__(self, device: Device, memory: int = 0, id: str = "") -> None:
        self._device = device
        self._id = id
        self._memory = memory
        self._started = datetime.now(UTC)
        self._counted = False
        self._ticks = 0
        self._seconds = 0.0
        self._steps = 0
        self._speeds = Speedometer()
        self._counts = [0] * (len(TICK.bounds) + 1)
        self._told: tuple[list[int], float] = self._counts.copy(), 0.0
        """Of ticks by how long they took, and of their seconds: what has been counted already."""
        self._now = {"lanes": 0, "pictures": 0, "capacity": 0, "waiting": 0}

    @contextmanager
    def tick(self, group: Group, chosen: Sequence[Work]) -> Iterator[None]:
        """Measures one tick of `group`, in which `chosen` advance."""
        measured = group.lane is not None and self._ticks % self._device.sampled == 0
        if measured:
            self._device.settle()
        begun = time.perf_counter()
        yield
        if measured:
            self._device.settle()
        seconds = time.perf_counter() - begun
        self._ticks += 1
        self._seconds += seconds
        self._steps += len(chosen)
        self._counts[TICK.bucket(seconds)] += 1
        if measured and group.lane is not None:
            rows = min(sum(work.rows for work in chosen), group.room)
            self._speeds.add(group.lane, seconds, rows, alone=len(chosen) == 1)

    def note(self, groups: Collection[Group], waiting: int) -> None:
        """Called at the end of a turn with the groups that have work and the number of jobs that wait for a network."""
        self._now = {
            "lanes": len(groups),
            "pictures": sum(len(group.works) for group in groups),
            "capacity": sum(group.room for group in groups),
            "waiting": waiting,
        }

    def tell(self, redis: Redis) -> None:
        """Publishes the state, and the first time that a renderer has started."""
        if not self._counted:
            stats.count_start(redis, self._id)
            self._counted = True
        if self._id:
            tell_nothing_yet(redis, worker_of(self._id))  # first: the cataloguer may be slower than the first job
        stats.publish_renderer(redis, self.read())
        counts, seconds = self._counts.copy(), self._seconds
        fresh = [now - before for now, before in zip(counts, self._told[0], strict=True)]
        histograms.add(redis, TICK, fresh, seconds - self._told[1])
        self._told = counts, seconds

    def read(self) -> RendererStats:
        return RendererStats(
            **self._now,
            id=self._id,
            host=socket.gethostname(),
            version=VERSION,
            kinds=tuple(kind.name for kind in KINDS),
            device=self._device.name,
            precision=precision(self._device.dtype),
            sweep_pictures=SWEEP_PICTURES[self._device.torch_device.type],
            single_pictures=SINGLE_PICTURES[self._device.torch_device.type],
            memory=self._memory,
            started=self._started,
            ticks=self._ticks,
            tick_seconds=round(self._seconds, 3),
            steps=self._steps,
            speeds=self._speeds.read(),
        )
