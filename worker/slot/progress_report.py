"""Passes on to the record how far the renderer is, and learns from it whether anybody still wants the job."""

from __future__ import annotations

import time
from functools import partial

from redis import Redis

from featurelens.jobs.queue.broker import LOST
from featurelens.jobs.queue.previews import Previews
from featurelens.jobs.queue.records import Record, Records
from featurelens.worker.protocol import Progress
from featurelens.worker.slot.preview_relay import PreviewRelay

MEASURED_STEPS, MEASURED_SECONDS = 8, 1.0
"""How much must have been seen of an optimization before its end can be estimated."""

PROGRESS_INTERVAL = 0.5
"""Seconds between two reports: nobody looks more often."""


class Unwanted(Exception):
    """This execution has been cancelled or replaced. Never leaves `worker.slot`."""


class ProgressReport:
    """Passes progress on to the record: the first word and every new stage at once, then twice a second."""

    def __init__(self, records: Records, record: Record, key: str, execution: str) -> None:
        self._records = records
        self._record = record
        self._key = key
        self._execution = execution
        self._stage = ""
        self._due = 0.0
        self._told = partial(self.tell, "waiting", 0, None)
        self._measured: tuple[int, float] | None = None

    def __call__(self, progress: Progress) -> bool:
        """Returns whether it was due."""
        if progress.stage == self._stage and time.monotonic() < self._due:
            return False
        self._told = partial(self.tell, progress.stage, progress.step, progress.score, self._seconds_left(progress))
        self._told()
        self._stage = progress.stage
        self._due = time.monotonic() + PROGRESS_INTERVAL
        return True

    def again(self) -> None:
        """There is nothing new, but the slot is to know that this process lives."""
        self._told()

    def tell(self, stage: str, step: int, score: float | None, seconds_left: float | None = None) -> None:
        """Raises `Unwanted` when the record has moved on without us. A broker that is away is no reason to stop."""
        try:
            wanted = self._records.progress(
                self._key, self._record.attempt, self._execution, stage, step, score, seconds_left
            )
        except LOST:
            wanted = True
        if not wanted:
            raise Unwanted

    def relay(self, redis: Redis) -> PreviewRelay:
        """Shows previews of this execution."""
        told = partial(self._records.previewed, self._key, self._record.attempt, self._execution)
        return PreviewRelay(Previews(redis), self._key, told)

    def _seconds_left(self, progress: Progress) -> float | None:
        """From the pace since the first step was reported; None until that means something."""
        now = time.monotonic()
        if progress.step == 0 or self._measured is None or progress.step < self._measured[0]:
            self._measured = (progress.step, now) if progress.step else None
            return None
        steps, seconds = progress.step - self._measured[0], now - self._measured[1]
        if steps < MEASURED_STEPS or seconds < MEASURED_SECONDS:
            return None
        return (progress.steps - progress.step) * seconds / steps
