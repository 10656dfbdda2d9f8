"""Writes the renderer's progress into the record, and notices there that the job was cancelled."""

from __future__ import annotations

import time
from functools import partial

from redis import Redis, RedisError

from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.kinds import kind_of
from featurelens.jobs.queue.previews import Previews
from featurelens.jobs.queue.record import Record
from featurelens.jobs.queue.records import Records
from featurelens.worker.protocol import Progress
from featurelens.worker.slot.preview_relay import PreviewRelay

MEASURED_STEPS, MEASURED_SECONDS = 8, 1.0
"""Steps and seconds that must have been measured before the end of an optimization is estimated."""

PROGRESS_INTERVAL = 0.5
"""Seconds between two reports of the same stage."""


TOO_LONG = "it took longer than a job may take"


class Unwanted(Exception):
    """This execution has been cancelled or replaced. Never leaves `worker.slot`."""


class ProgressReport:
    """Writes progress into the record: every new stage at once, then every `PROGRESS_INTERVAL`."""

    def __init__(self, records: Records, record: Record, key: str, execution: str) -> None:
        self._records = records
        self._record = record
        self._key = key
        self._execution = execution
        self._stage = ""
        self._due = 0.0
        self._latest = partial(self.write, "waiting", 0, None)
        self._measured: tuple[int, float] | None = None
        self._begun = time.monotonic()

    def __call__(self, progress: Progress) -> bool:
        """Writes `progress` if it is due; returns whether it was."""
        if progress.stage == self._stage and time.monotonic() < self._due:
            return False
        self._latest = partial(
            self.write,
            progress.stage,
            progress.step,
            progress.score,
            self._seconds_left(progress),
            (progress.downloaded, progress.download_size),
        )
        self._latest()
        self._stage = progress.stage
        self._due = time.monotonic() + PROGRESS_INTERVAL
        return True

    def again(self) -> None:
        """Writes the latest progress again, which shows the slot that this process lives."""
        self._latest()

    def write(
        self,
        stage: str,
        step: int,
        score: float | None,
        seconds_left: float | None = None,
        download: tuple[int | None, int | None] = (None, None),
    ) -> None:
        """The broker may be away, or refuse.

        Raises `Unwanted` when this execution was cancelled or replaced, `RenderFailed` when it takes too long.
        """
        if time.monotonic() - self._begun > kind_of(self._key).seconds:
            raise RenderFailed(TOO_LONG)
        try:
            wanted = self._records.progress(
                self._key, self._record.attempt, self._execution, stage, step, score, seconds_left, download
            )
        except RedisError:
            wanted = True
        if not wanted:
            raise Unwanted

    def relay(self, redis: Redis) -> PreviewRelay:
        """The relay of previews of this execution."""
        shown = partial(self._records.previewed, self._key, self._record.attempt, self._execution)
        return PreviewRelay(Previews(redis), self._key, shown)

    def _seconds_left(self, progress: Progress) -> float | None:
        """By the pace since the first step reported; None until enough has been measured."""
        now = time.monotonic()
        if progress.step == 0 or self._measured is None or progress.step < self._measured[0]:
            self._measured = (progress.step, now) if progress.step else None
            return None
        steps, seconds = progress.step - self._measured[0], now - self._measured[1]
        if steps < MEASURED_STEPS or seconds < MEASURED_SECONDS:
            return None
        return (progress.steps - progress.step) * seconds / steps
