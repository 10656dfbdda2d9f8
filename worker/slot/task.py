"""The only task of a slot: has the renderer do a job, moves its record, stores its result."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from uuid import uuid4

from redis import Redis, RedisError
from rq.timeouts import JobTimeoutException

from featurelens.jobs import disk, tracing
from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.errors import (
    CatalogPending,
    InvalidSpec,
    NotStored,
    OtherVersion,
    RendererFull,
    RendererLost,
    RenderError,
    RenderFailed,
)
from featurelens.jobs.kinds import kind_of
from featurelens.jobs.kinds.base import QUEUE, SWEEP_QUEUE, engine_of
from featurelens.jobs.logs import logger
from featurelens.jobs.queue import histograms
from featurelens.jobs.queue.broker import connect, patiently
from featurelens.jobs.queue.deaths import forgiven, nobodys_fault
from featurelens.jobs.queue.liveness import renderer_alive
from featurelens.jobs.queue.queues import base, renderer_of
from featurelens.jobs.queue.record import Record
from featurelens.jobs.queue.records import Records
from featurelens.jobs.settings import settings
from featurelens.jobs.store.open_store import open_store
from featurelens.jobs.store.result import describe
from featurelens.worker.protocol import Ask, Finished, Progress
from featurelens.worker.slot.client import converse
from featurelens.worker.slot.files import attached
from featurelens.worker.slot.patience import answered_at_last
from featurelens.worker.slot.pictures import encoded
from featurelens.worker.slot.progress_report import TOO_LONG, ProgressReport, Unwanted
from featurelens.worker.slot.quarantine import quarantined
from featurelens.worker.slot.stop import Stop


def execute(
    key: str, attempt: str, execution: str = "", leases: str = "", last: bool = False, stop: Stop | None = None
) -> None:
    """Does the job `key`. Raises errors after which another execution may succeed; any other ends in the record.

    `execution` is the one that it is leased to in the sorted set `leases`; the `last` one goes into quarantine.
    One that is asked to `stop` ends the record only if that is being cancelled.
    """
    log = logger().bind(key=key, attempt=attempt)
    redis = connect()
    records = Records(redis)
    execution = execution or uuid4().hex
    record = patiently(lambda: records.start(key, attempt, execution, leases))
    if record is None:
        patiently(lambda: records.cancelled(key, attempt))
        return
    log.info("started", kind=kind_of(key).name, model=record.spec.model)
    if record.started is not None:
        waited = (record.started - record.created).total_seconds()
        patiently(lambda: histograms.observe(redis, histograms.WAIT, waited))
    begun = time.monotonic()
    try:
        with tracing.span("job", record.trace, key=key, kind=kind_of(key).name, attempt=attempt, steps=record.steps):
            _do(redis, records, record, key, execution, last, stop)
    except Unwanted:
        patiently(lambda: records.cancelled(key, attempt))
        log.info("dropped")
    except RendererFull as full:
        full.nobodys_fault = patiently(partial(forgiven, redis, attempt))
        raise
    except RendererLost as lost:
        if stop is not None and stop.asked:
            patiently(lambda: records.cancelled(key, attempt))
            log.info("stopped")
            return
        lost.nobodys_fault = lost.renderer is None or patiently(partial(nobodys_fault, redis, lost.renderer))
        raise
    except RenderError as error:
        _fail(records, record, key, execution, error)
    except JobTimeoutException:
        _fail(records, record, key, execution, RenderFailed(TOO_LONG))
    else:
        seconds = round(time.monotonic() - begun, 3)
        log.info("finished", seconds=seconds)
        patiently(lambda: histograms.observe(redis, histograms.WORK.of(kind_of(key).name), seconds))
    finally:
        tracing.flush()


def _do(
    redis: Redis, records: Records, record: Record, key: str, execution: str, last: bool, stop: Stop | None
) -> None:
    store = open_store(settings())
    report = ProgressReport(records, record, key, execution)

    def commit() -> None:
        if not patiently(lambda: records.commit(key, record.attempt, execution)):
            raise Unwanted

    with _storing():
        found = answered_at_last(lambda: store.get(key), report.again)
        if found is None:
            store.check_writable()
    if found is None:
        swept = base(record.queue or QUEUE) == SWEEP_QUEUE
        memory = patiently(lambda: _memory(redis, key, record))
        about = {"attempt": record.attempt, "sweep": swept, "memory": memory, "engine": engine_of(record.needs)}
        asked = Ask(key=key, spec=record.spec, digest=record.digest, **about)
        with tracing.span("render"):
            renderer = renderer_of(record.queue or QUEUE)
            traced = asked.model_copy(update={"trace": tracing.carried()})
            finished, payload = _rendered(redis, renderer, report, traced, execution, last, stop)
        images, pictures = encoded(key, record, finished, payload)
        contents, files = attached(finished, payload)
        commit()
        result = describe(key, record.spec, finished.numbers, record.created, record.started)
        whole = result.model_copy(update={"images": pictures, "files": files})
        with _storing(made=True), tracing.span("store"):
            answered_at_last(lambda: store.put(whole, images, contents), commit)
    else:
        commit()
    patiently(lambda: records.succeed(key, record.attempt, execution))


@contextmanager
def _storing(made: bool = False) -> Iterator[None]:
    """What the disk does not do ends the job as `NotStored`: to make it again would help nobody."""
    try:
        yield
    except OSError as error:
        why = disk.reason(error) or error.strerror or type(error).__name__
        what = "the result was made, but could not be kept" if made else "the result could not be kept and was not made"
        raise NotStored(f"{why}: {what}") from error


def _rendered(
    redis: Redis, renderer: str, report: ProgressReport, ask: Ask, execution: str, last: bool, stop: Stop | None
) -> tuple[Finished, bytes]:
    path = settings().renderer_socket

    def alive() -> bool:
        report.again()
        return _alive(redis, renderer)

    if not last:
        return converse(path, ask, report, alive, relay=report.relay(redis), stop=stop)
    with quarantined(redis, renderer, execution, report.again) as renew:

        def renewing(progress: Progress) -> None:
            if report(progress):
                renew()

        def alive_alone() -> bool:
            renew()
            return alive()

        return converse(path, ask, renewing, alive_alone, relay=report.relay(redis), stop=stop)


def _fail(records: Records, record: Record, key: str, execution: str, error: RenderError) -> None:
    patiently(lambda: records.fail(key, record.attempt, error, execution))
    logger().warning("failed", key=key, attempt=record.attempt, code=error.code, detail=error.detail)


def _memory(redis: Redis, key: str, record: Record) -> int:
    try:
        return kind_of(key).memory(Catalog(redis), record.spec)
    except (InvalidSpec, CatalogPending, OtherVersion):  # its network has gone or changed: the renderer says so
        return 0


def _alive(redis: Redis, renderer: str) -> bool:
    try:
        return renderer_alive(redis, renderer)
    except RedisError:
        return True
