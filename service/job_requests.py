"""What a job of any kind can be asked: to be done, how far it is, to be given up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Annotated, Any, NamedTuple, TypeVar

import structlog
from fastapi import Depends, Response
from starlette.concurrency import run_in_threadpool

from featurelens.jobs.errors import AlreadyOver, InvalidSpec, NotFound, NoWorker
from featurelens.jobs.kinds.base import Kind, Spec
from featurelens.jobs.queue.renderers import Renderer
from featurelens.jobs.queue.ticket import Ticket, Wanted
from featurelens.jobs.store.result import Result
from featurelens.service.auth.access import Caller, Identified, still_allowed
from featurelens.service.dependencies import Dependencies
from featurelens.service.event_stream import event_stream
from featurelens.service.idempotency import IdempotencyKey
from featurelens.service.metrics import ASKED
from featurelens.service.photographs import with_photograph
from featurelens.service.prefer import Prefer, ended, wait
from featurelens.service.resolving import resolved_in
from featurelens.service.schemas import address
from featurelens.service.schemas.job import Job
from featurelens.service.schemas.token import Token
from featurelens.service.webhooks.callbacks import Callback, told_apart

RETRY_AFTER = "1"
"""Seconds until it is worth asking again how far a job is."""

CACHE_HIT = "featurelens; hit"


J = TypeVar("J", bound=Job)


class Headers(NamedTuple):
    """What a request says beside the specification: who asks, its `Idempotency-Key`, its `Prefer` headers, and where
    its end is to be told.
    """

    client: str
    token: str | None
    preferences: Sequence[str]
    callback: str | None = None


async def _headers(
    caller: Identified,
    prefer: Prefer,
    idempotency_key: IdempotencyKey = None,
    featurelens_callback: Callback = None,
) -> Headers:
    return Headers(caller.client, idempotency_key, prefer, featurelens_callback)


Sent = Annotated[Headers, Depends(_headers)]


async def submit(
    deps: Dependencies, kind: Kind[Spec], spec: Spec, sent: Headers, response: Response, *, patience: int = 0
) -> Any:
    """The resource of what is asked for, and status and headers of `response`: 200 when it has ended, else 202.

    A client may prefer to wait for the end; one that says nothing waits `patience` seconds. Raises what
    makes `spec` unacceptable, or what is missing to do it.
    """
    deps.callbacks.check(sent.callback)
    wanted = await checked(deps, kind, spec)
    lookup, watcher = deps.views[kind.name]
    preferred = wait(sent.preferences)
    if preferred is not None:
        patience = preferred
        response.headers["Preference-Applied"] = f"wait={patience}"
    found = await run_in_threadpool(_accept, deps, kind, wanted, sent)
    if isinstance(found, Result):
        job = hit(lookup.finished(found), response)
    else:
        ASKED.labels("accepted" if found.fresh else "joined").inc()
        structlog.contextvars.bind_contextvars(key=wanted.key, attempt=found.record.attempt)
        over = not found.record.in_flight  # what came of the same request when it was sent first
        job = lookup.underway(wanted.key, found) if over else None
        job = await ended(watcher, wanted.key, patience) if patience and job is None else job
    if job is not None:
        response.status_code = 200
    else:
        assert isinstance(found, Ticket)
        later = await run_in_threadpool(deps.queue.find, wanted.key) if patience else None
        job = lookup.underway(wanted.key, later or found).model_copy(update={"deduplicated": not found.fresh})
        response.headers["Retry-After"] = RETRY_AFTER
    response.headers["Location"] = address.shown(job.links.self)
    return job


def hit(job: J, response: Response) -> J:
    """`job`, which had been finished before it was asked for, as headers of `response` say."""
    ASKED.labels("hit").inc()
    response.headers["Cache-Status"] = CACHE_HIT
    return job


async def checked(deps: Dependencies, kind: Kind[Spec], spec: Spec) -> Wanted[Spec]:
    """The job that `spec` asks for, which costs no more than it may. Raises what makes `spec` unacceptable."""
    try:
        resolved, entry = await resolved_in(deps.catalog, kind, spec)
    except InvalidSpec:  # as a worker that does not know the kind publishes nothing for it
        await run_in_threadpool(check_kind, deps, kind)
        raise
    {"picture": deps.limits.check_cost, "scan": deps.limits.check_scan}[kind.limit](kind.cost(resolved))
    resolved = await with_photograph(deps, kind, resolved)
    key = kind.key(resolved, entry.digest, entry.renderer)
    return Wanted(key, resolved, entry.digest, kind.needs(resolved, entry))


def check_kind(deps: Dependencies, kind: Kind[Any]) -> None:
    """Raises `OtherVersion` when no renderer knows the kind. Blocks."""
    with suppress(NoWorker):  # without any it is not that
        deps.queue.router.check(kind.queue, kind.name)


def check_memory(deps: Dependencies, kind: Kind[Any], spec: Any, renderers: Iterable[Renderer | None]) -> int:
    """Bytes that it takes. Raises `TooLarge` for what would never fit into the memory of any of these. Blocks."""
    asked = kind.memory(deps.catalog, spec)
    if asked:
        deps.limits.check_memory(asked, most_memory(renderers))
    return asked


def check_worker(deps: Dependencies, kind: Kind[Spec], wanted: Wanted[Spec], queue: str) -> Wanted[Spec]:
    """`wanted`, with the memory that it takes. Blocks.

    Raises `NoWorker` or `OtherVersion` when nobody can do the job, `TooLarge` when it will never fit.
    """
    able = deps.queue.router.check(queue, kind.name, wanted.needs)
    return wanted._replace(memory=check_memory(deps, kind, wanted.spec, (look.about for look in able)))


def most_memory(renderers: Iterable[Renderer | None]) -> int:
    """Bytes that the one with most has for jobs; 0: of one of them it is not known."""
    told = [renderer.memory if renderer is not None else 0 for renderer in renderers]
    return max(told, default=0) if all(told) else 0


def _accept(deps: Dependencies, kind: Kind[Any], wanted: Wanted[Any], sent: Headers) -> Result | Ticket:
    """The result if there is one, else the place in the queue, old or new. Blocks: one thread for all of it."""
    with deps.retries.once(sent.client, sent.token, told_apart(wanted.key, sent.callback)) as attempt:
        if sent.callback and not attempt.made:
            deps.callbacks.deliveries.check_room(sent.client)
        before = _asked_before(deps, wanted.key) if attempt.made else None
        found = deps.store.get(wanted.key) or before or deps.queue.join(wanted.key)
        if found is None:
            wanted = check_worker(deps, kind, wanted, kind.queue)
            deps.limits.check_disk()
            with deps.queue.room.reserved(1, deps.limits.queue) as room:
                (found,) = deps.queue.submit_all([wanted], kind.queue, room)
        if sent.callback and not attempt.made:
            deps.callbacks.add(wanted.key, sent.callback, sent.client, sent.token)
        attempt.made = wanted.key
    return found


def _asked_before(deps: Dependencies, key: str) -> Ticket | None:
    """The attempt, without a further asker; None when its result or its record is gone."""
    ticket = deps.queue.find(key)
    return None if ticket is None or ticket.record.status == "succeeded" else ticket


def find(deps: Dependencies, kind: Kind[Any], key: str) -> Any:
    """The resource of a job. Raises `NotFound`."""
    found = deps.views[kind.name].lookup.find(key)
    if found is None:
        raise _unknown(kind)
    return found


def show(deps: Dependencies, kind: Kind[Any], key: str, response: Response) -> Any:
    """The same, and headers of `response` that say whether it is worth asking again."""
    response.headers["Cache-Control"] = "no-cache"
    found = find(deps, kind, key)
    if not found.over:
        response.headers["Retry-After"] = RETRY_AFTER
    return found


def leave(deps: Dependencies, kind: Kind[Any], key: str, response: Response, *, deleted: str) -> Any:
    """Takes back one request for a job; the last one taken back stops it, which 202 says is under way.

    Raises `NotFound`, or `AlreadyOver` when it has ended; `deleted` says how a finished one is deleted.
    """
    left = deps.queue.leave(key)
    ticket = deps.queue.find(key)
    if left == "over" or (left == "gone" and deps.store.get(key) is not None):
        raise AlreadyOver(f"it has ended; {deleted}")
    if left == "gone" or ticket is None:
        raise _unknown(kind)
    response.status_code = 202 if ticket.record.status == "cancelling" else 200
    return deps.views[kind.name].lookup.underway(key, ticket)


async def watched(deps: Dependencies, kind: Kind[Any], key: str, caller: Caller, last_event_id: str | None) -> Response:
    """Its events, for as long as `caller` may look. Raises `NotFound`."""
    found = await run_in_threadpool(find, deps, kind, key)
    allowed = partial(still_allowed, deps, caller)
    return event_stream(deps.views[kind.name].watcher, found, last_event_id, allowed, caller.token)


def opened(deps: Dependencies, key: str, caller: Caller, response: Response) -> Token:
    """A token that opens what addresses below `key` show, in the name of `caller`."""
    response.headers["Cache-Control"] = "no-store"
    return Token.of(*deps.signed_urls.issue(key, caller.id))


def delete(deps: Dependencies, key: str, missing: NotFound) -> None:
    """Takes a finished result out of the store and out of lists. Raises `missing` when there is none."""
    if not deps.store.delete(key):
        raise missing
    deps.index.forget(key)


def _unknown(kind: Kind[Any]) -> NotFound:
    return NotFound(f"no such {kind.name}: it was never asked for, or has been deleted or forgotten")
