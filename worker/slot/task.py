"""The one task a slot executes: has a picture made by the renderer, keeps its record, puts it into the store."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from functools import partial
from uuid import uuid4

from redis import Redis
from rq import get_current_job
from rq.timeouts import JobTimeoutException

from featurelens.jobs.contact_sheet import contact_sheet
from featurelens.jobs.errors import NotStored, RendererLost, RenderError, RenderFailed
from featurelens.jobs.logs import logger
from featurelens.jobs.queue.broker import LOST, connect, patiently
from featurelens.jobs.queue.liveness import renderer_alive
from featurelens.jobs.queue.previews import Previews
from featurelens.jobs.queue.records import Record, Records
from featurelens.jobs.settings import settings
from featurelens.jobs.store.open_store import open_store
from featurelens.jobs.store.result import Image, Result, describe
from featurelens.jobs.store.result_store import NO_ROOM, ResultStore
from featurelens.worker.protocol import Ask, Finished, Progress
from featurelens.worker.slot.client import converse
from featurelens.worker.slot.png import encode, pictures
from featurelens.worker.slot.preview_relay import PreviewRelay
from featurelens.worker.slot.quarantine import quarantined

MEASURED_STEPS, MEASURED_SECONDS = 8, 1.0
"""How much must have been seen of an optimization before its end can be estimated."""

PROGRESS_INTERVAL = 0.5
"""Seconds between two reports: nobody looks more often."""


class Unwanted(Exception):
    """This execution has been cancelled or replaced. Never leaves this module."""


def render(key: str, attempt: str) -> None:
    """Makes the picture `key`. Raises what another execution may mend; every other end is written into the record."""
    log = logger().bind(key=key, attempt=attempt)
    redis = connect()
    records = Records(redis)
    execution = uuid4().hex
    record = patiently(lambda: records.start(key, attempt, execution))
    if record is None:
        patiently(lambda: records.cancelled(key, attempt))
        return
    log.info("started", layer=record.spec.layer, channel=record.spec.channel)
    begun = time.monotonic()
    try:
        _make(redis, records, record, key, execution)
    except Unwanted:
        patiently(lambda: records.cancelled(key, attempt))
        log.info("dropped")
    except RendererLost:
        raise
    except RenderError as error:
        _fail(records, record, key, execution, error)
    except JobTimeoutException:
        _fail(records, record, key, execution, RenderFailed("it took longer than a picture may take"))
    else:
        log.info("finished", seconds=round(time.monotonic() - begun, 3))


def _make(redis: Redis, records: Records, record: Record, key: str, execution: str) -> None:
    store = open_store(settings(), patient=True)
    if store.get(key) is None:
        report = _Report(records, record, key, execution)
        asked = Ask(key=key, spec=record.spec, digest=record.digest, attempt=record.attempt)
        finished, pixels = _rendered(redis, report, asked, execution)
        images, pictures = _encode(key, record, finished, pixels)
        if not patiently(lambda: records.commit(key, record.attempt, execution)):
            raise Unwanted
        result = describe(key, record.spec, finished.numbers, record.created, record.started)
        _keep(store, result.model_copy(update={"images": pictures}), images)
    elif not patiently(lambda: records.commit(key, record.attempt, execution)):
        raise Unwanted
    patiently(lambda: records.succeed(key, record.attempt, execution))


def _keep(store: ResultStore, result: Result, images: Sequence[bytes]) -> None:
    try:
        store.put(result, images)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise NotStored("the disk is full: the picture was made, but could not be kept") from error


def _rendered(redis: Redis, report: _Report, ask: Ask, execution: str) -> tuple[Finished, bytes]:
    path = settings().renderer_socket

    def alive() -> bool:
        report.again()
        return _alive(redis)

    job = get_current_job()
    if job is None or job.should_retry:
        return converse(path, ask, report, alive, relay=report.relay(redis))
    with quarantined(redis, execution, report.again) as renew:

        def renewing(progress: Progress) -> None:
            if report(progress):
                renew()

        def alive_alone() -> bool:
            renew()
            return alive()

        return converse(path, ask, renewing, alive_alone, relay=report.relay(redis))


def _fail(records: Records, record: Record, key: str, execution: str, error: RenderError) -> None:
    patiently(lambda: records.fail(key, record.attempt, error, execution))
    logger().warning("failed", key=key, attempt=record.attempt, code=error.code, detail=error.detail)


class _Report:
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
        self._told = partial(
            self.tell, progress.stage, progress.step, progress.activation, self._seconds_left(progress)
        )
        self._told()
        self._stage = progress.stage
        self._due = time.monotonic() + PROGRESS_INTERVAL
        return True

    def again(self) -> None:
        """There is nothing new, but the slot is to know that this process lives."""
        self._told()

    def tell(self, stage: str, step: int, activation: float | None, seconds_left: float | None = None) -> None:
        """Raises `Unwanted` when the record has moved on without us. A broker that is away is no reason to stop."""
        try:
            wanted = self._records.progress(
                self._key, self._record.attempt, self._execution, stage, step, activation, seconds_left
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


def _alive(redis: Redis) -> bool:
    try:
        return renderer_alive(redis)
    except LOST:
        return True


def _encode(key: str, record: Record, finished: Finished, pixels: bytes) -> tuple[list[bytes], tuple[Image, ...]]:
    """A PNG per picture, and where there are several one more of all of them, with what is said of each."""
    text = {"key": key, "spec": record.spec.model_dump(mode="json"), "numbers": finished.numbers}
    shown = pictures(pixels, finished.height, finished.width, finished.channels)
    images = [encode(picture, text) for picture in shown]
    steps = finished.steps or [record.spec.steps] * len(shown)
    told = [_image(picture.size, png, step) for picture, png, step in zip(shown, images, steps, strict=True)]
    if len(shown) > 1:
        in_time = [picture for _, picture in sorted(zip(steps, shown, strict=True), key=lambda pair: pair[0])]
        sheet = contact_sheet(in_time, finished.width, finished.height, finished.columns, shown[0].mode)
        images.append(encode(sheet, text))
        told.append(_image(sheet.size, images[-1], None))
    return images, tuple(told)


def _image(size: tuple[int, int], png: bytes, step: int | None) -> Image:
    """`size` is (width, height)."""
    return Image(width=size[0], height=size[1], bytes=len(png), sha256=hashlib.sha256(png).hexdigest(), step=step)
