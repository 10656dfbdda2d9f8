"""How the renderer is doing: counted by its loop, told with each beat of its heartbeat."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sized
from contextlib import contextmanager
from datetime import UTC, datetime

import torch

from featurelens.engine.lane import Lane
from featurelens.jobs.queue.stats import RendererStats
from featurelens.worker.renderer.lanes import Lanes


class LaneStats:
    """Looks at the renderer's own lanes and queue from the thread of the heartbeat; only the loop changes them."""

    def __init__(self, lanes: Lanes, waiting: Sized) -> None:
        device = lanes.device
        self._device = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
        self._precision = str(lanes.dtype).removeprefix("torch.")
        self._lanes = lanes
        self._waiting = waiting
        self._started = datetime.now(UTC)
        self._ticks = 0
        self._seconds = 0.0
        self._steps = 0

    @contextmanager
    def tick(self, lane: Lane) -> Iterator[None]:
        """Around one tick of `lane`."""
        pictures, begun = min(len(lane.optimizations), lane.limit), time.perf_counter()
        yield
        self._ticks += 1
        self._seconds += time.perf_counter() - begun
        self._steps += pictures

    def read(self) -> RendererStats:
        used = list(self._lanes)
        return RendererStats(
            device=self._device,
            precision=self._precision,
            started=self._started,
            lanes=len(used),
            pictures=sum(len(lane.optimizations) for lane in used),
            waiting=len(self._waiting),
            capacity=sum(lane.limit for lane in used),
            ticks=self._ticks,
            tick_seconds=round(self._seconds, 3),
            steps=self._steps,
        )
