"""The endpoints that every kind of job has, declared once: list, show, events, token, leave, delete.

What differs from kind to kind, asking above all, stands in `service.endpoints`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from featurelens.jobs import addresses
from featurelens.jobs.errors import NotFound
from featurelens.jobs.kinds.base import Kind
from featurelens.jobs.queue.record import Status
from featurelens.service import job_requests
from featurelens.service.auth.access import Identified, IdentifiedOrToken, needs
from featurelens.service.dependencies import Deps, key_of
from featurelens.service.event_stream import LastEventId
from featurelens.service.listed_by import Sought, by_model
from featurelens.service.listing import listed
from featurelens.service.openapi import samples
from featurelens.service.openapi.answers import Answers, answer, event_stream, problems
from featurelens.service.openapi.headers import QUOTA
from featurelens.service.openapi.links import Links, from_job
from featurelens.service.pagination import MAX_JOBS
from featurelens.service.schemas.job import Job, JobPage
from featurelens.service.schemas.token import Token

_SENT = ("Location", "Preference-Applied", *QUOTA)
"""Headers of what is answered to whoever asks for a job."""


@dataclass(frozen=True)
class JobRoutes:
    """Of one kind. `finished`, `underway` and `cancelling` are samples, made by the code that makes the answers."""

    kind: Kind[Any]
    address: str
    """Of the list; jobs are below it."""
    tells: str
    """What one that is finished tells, in words that go on from "How far it is, or"."""
    finished: Job
    underway: Job
    cancelling: Job
    page: JobPage
    """A sample, too."""
    more: tuple[str, ...] = ()
    """Operations beside these that lead on from a job."""
    sought: Callable[..., Awaitable[Sought]] = by_model
    """The parameters by which the list is filtered (`service.listed_by`)."""
    result: str = "result"
    """What is appended to the address of a job for that of what is deleted, once it is finished."""

    @property
    def name(self) -> str:
        """What they are called together, in addresses and as their tag."""
        return self.address.rpartition("/")[2]

    @property
    def links(self) -> Links:
        """Where an answer leads that carries a job."""
        return from_job(self.name, *self.more)

    @property
    def asked(self) -> Answers:
        """What asking for a job answers."""
        there = "made before, `Cache-Status: featurelens; hit`, or while you waited"
        return {
            **answer(
                202, self.underway, "on its way; `Location` says where to watch", self.links, (*_SENT, "Retry-After")
            ),
            **answer(200, self.finished, there, self.links, (*_SENT, "Cache-Status")),
            **problems(400, 408, 409, 413, 415, 422, 429, 503, 507),
        }

    def declare(self, router: APIRouter) -> None:
        """All of them, in `router`."""
        self.list(router)
        self.show(router)
        self.events(router)
        self.token(router)
        self.leave(router)
        self.delete(router)

    def list(self, router: APIRouter) -> None:
        """Which there are."""
        by = Depends(self.sought)

        @router.get(
            self.address,
            dependencies=[needs("read")],
            name=f"list_{self.name}",
            summary="Those there are",
            description="Asked for last comes first, unless it is sorted. A page may be shorter than `limit`, even "
            "empty, and have a next.",
            response_model=type(self.page),
            responses={**answer(200, self.page), **problems(422, 503)},
        )
        async def list_jobs(
            deps: Deps,
            sought: Sought = by,
            status: Status | None = None,
            limit: Annotated[int, Query(ge=1, le=MAX_JOBS)] = 20,
            cursor: Annotated[str | None, Query(max_length=400, description="from `next` of the page before")] = None,
        ) -> Any:
            page = partial(listed, deps, self.kind, self.address, limit, cursor, status=status, **sought)
            jobs, told = await run_in_threadpool(page)
            return self.page.of(jobs, **told)

    def show(self, router: APIRouter) -> None:
        """How far one is."""
        known = Depends(key_of(self.kind))

        @router.get(
            addresses.job(self.address, "{key}"),
            dependencies=[needs("read")],
            summary=f"How far it is, or {self.tells}",
            description=f"Status and progress until it is finished, then {self.tells}.\n\n"
            "One that failed or was cancelled says why; ask for it again to start a new attempt.",
            response_model=type(self.finished),
            responses={**answer(200, self.finished, links=self.links, headers=("Retry-After",)), **problems(404, 503)},
        )
        def show(deps: Deps, response: Response, key: str = known) -> Any:
            return job_requests.show(deps, self.kind, key, response)

    def events(self, router: APIRouter) -> None:
        """The same as it changes."""
        known = Depends(key_of(self.kind))

        @router.get(
            addresses.job(self.address, "{key}", "events"),
            dependencies=[needs("read", or_token=True)],
            summary="Watch it as server-sent events",
            description="How far it is, whenever that changes, then how it ended, with the whole resource. The end is "
            "always told.\n\nWhoever comes back with `Last-Event-ID` hears what has changed since; 204 when that was "
            "the end.",
            response_class=StreamingResponse,
            responses={**event_stream(self.underway, self.finished), **problems(404, 503)},
        )
        async def events(
            deps: Deps, caller: IdentifiedOrToken, last_event_id: LastEventId = None, key: str = known
        ) -> Response:
            return await job_requests.watched(deps, self.kind, key, caller, last_event_id)

    def token(self, router: APIRouter) -> None:
        """What opens it where no API key can be sent."""
        known = Depends(key_of(self.kind))

        @router.get(
            addresses.job(self.address, "{key}", "token"),
            dependencies=[needs("read")],
            summary="A token that opens it in a browser",
            description="For `EventSource` and `<img>`, which cannot send an API key. For a quarter of an hour, to "
            "look at this one.",
            responses={**answer(200, samples.TOKEN), **problems(404)},
        )
        def token(deps: Deps, caller: Identified, response: Response, key: str = known) -> Token:
            return job_requests.opened(deps, key, caller, response)

    def leave(self, router: APIRouter) -> None:
        """Taking back a request for it."""
        known = Depends(key_of(self.kind))
        deleted = f"a finished one is deleted under /{self.result}"

        @router.delete(
            addresses.job(self.address, "{key}"),
            dependencies=[needs("render")],
            summary="Want it no more",
            description="Takes back one request. Each counts as one, and the last one taken back stops it.\n\nSo one "
            "that others wait for is still done, and `askers` says for how many. One that is `queued` is `cancelled` "
            f"at once, one that is `running` within a step. 409 when it has ended; {deleted}.",
            response_model=type(self.finished),
            responses={
                **answer(200, self.underway, "stopped, or still done for others", self.links),
                **answer(202, self.cancelling, "it is being stopped: its slot lets go of it", self.links),
                **problems(404, 409, 503),
            },
        )
        def leave(deps: Deps, response: Response, key: str = known) -> Any:
            return job_requests.leave(deps, self.kind, key, response, deleted=deleted)

    def delete(self, router: APIRouter) -> None:
        """Taking a finished one out of the store."""
        known = Depends(key_of(self.kind))

        @router.delete(
            addresses.job(self.address, "{key}", self.result),
            status_code=204,
            dependencies=[needs("admin")],
            summary="Delete a finished one",
            description="Out of the store, for everybody; asked for again, it is made anew. Copies that others keep "
            "stay.",
            responses=problems(404, 503),
        )
        def delete(deps: Deps, key: str = known) -> None:
            job_requests.delete(deps, key, self.unfinished(key))

    def unfinished(self, key: str) -> NotFound:
        """What is raised where a finished one is looked for and there is none."""
        return NotFound(f"nothing finished here; how far it is: {addresses.job(self.address, key)}")
