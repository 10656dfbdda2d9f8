"""Submits a job of any kind: its result exists, or it is joined, or it is put into the queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import structlog
from fastapi import Response
from starlette.concurrency import run_in_threadpool

from featurelens.jobs.queue import liveness
from featurelens.jobs.queue.job_queue import Ticket, Wanted
from featurelens.jobs.store.result import Result
from featurelens.service.dependencies import Dependencies
from featurelens.service.lookup import Lookup
from featurelens.service.metrics import ASKED
from featurelens.service.prefer import ended, wait
from featurelens.service.schemas.job import Job
from featurelens.service.watcher import Watcher

RETRY_AFTER = "1"
"""Seconds until it is worth asking again how far a job is."""

CACHE_HIT = "featurelens; hit"

J = TypeVar("J", bound=Job)


async def submit(
    deps: Dependencies,
    lookup: Lookup[J],
    watcher: Watcher[J],
    wanted: Wanted[Any],
    preferences: Sequence[str],
    response: Response,
) -> J:
    """The resource of what is wanted, and status and headers of `response`: 200 when it has ended, else 202.

    `preferences` are the request's `Prefer` headers: a client may wait for the end.
    """
    patience = wait(preferences)
    if patience is not None:
        response.headers["Preference-Applied"] = f"wait={patience}"
    found = await run_in_threadpool(accept, deps, wanted)
    if isinstance(found, Result):
        ASKED.labels("hit").inc()
        response.headers["Cache-Status"] = CACHE_HIT
        job: J | None = lookup.finished(found)
    else:
        ASKED.labels("accepted" if found.fresh else "joined").inc()
        structlog.contextvars.bind_contextvars(key=wanted.key, attempt=found.record.attempt)
        job = await ended(watcher, wanted.key, patience) if patience else None
    if job is not None:
        response.status_code = 200
    else:
        assert isinstance(found, Ticket)
        later = await run_in_threadpool(deps.queue.find, wanted.key) if patience else None
        job = lookup.underway(wanted.key, later or found).model_copy(update={"deduplicated": not found.fresh})
        response.headers["Retry-After"] = RETRY_AFTER
    response.headers["Location"] = job.links.self
    return job


def accept(deps: Dependencies, wanted: Wanted[Any]) -> Result | Ticket:
    """The result if there is one, else the place in the queue, old or new. Blocks: one thread for all of it."""
    found = deps.store.get(wanted.key) or deps.queue.join(wanted.key)
    if found is None:
        liveness.check(deps.redis)
        deps.limits.check_room(len(deps.queue))
        found = deps.queue.submit(*wanted)
    return found
