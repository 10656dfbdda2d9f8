"""Streams a job as server-sent events: what polling shows, as soon as it changes.

An event's `id` is a digest of its content. So a reader who comes back with `Last-Event-ID` gets what has changed,
however long it was away and whichever process answers, and nothing has to be stored for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, TypeVar

import anyio
from fastapi import Header, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import BaseModel

from featurelens.jobs.addresses import with_query
from featurelens.service.schemas.events import Queued, Shown
from featurelens.service.schemas.job import Job
from featurelens.service.watcher import Watched, Watcher

SILENCE = 15.0
"""Seconds after which a comment shows proxies that the connection is alive."""

CHECK = 2.0
"""Seconds after which it is looked whether the reader may still read."""

RETRY = 2000
"""Milliseconds after which a browser that has lost the connection comes back."""

LastEventId = Annotated[str | None, Header(description="sent by browsers that come back")]

J = TypeVar("J", bound=Job)

Allowed = Callable[[], Awaitable[bool]]


class Event:
    """The state of a job as an event. `over`: nothing comes after it."""

    def __init__(self, job: Job) -> None:
        content: BaseModel = job
        self.over = job.over
        self.name: str = job.status
        if job.status == "queued":
            content = Queued(position=job.position, waiting_for=job.waiting_for)
        elif not job.over:
            assert job.progress is not None, "a job that runs has progress"
            content, self.name = job.progress, "progress"
        self.data = content.model_dump_json()
        self.id = hashlib.sha256(f"{self.name} {self.data}".encode()).hexdigest()[:16]

    def encoded(self, retry: int | None = None) -> bytes:
        return format_sse_event(data_str=self.data, event=self.name, id=self.id, retry=retry)


def event_stream(
    watcher: Watcher[J], job: J, last_event_id: str | None, allowed: Allowed, token: str | None = None
) -> Response:
    """Events from the state `job` to the end; 204 for a reader who has seen the end (`last_event_id`).

    They break off when `allowed` says that the reader may read no more. Addresses of previews carry the `token` by
    which it reads.
    """
    event = Event(job)
    if event.over and event.id == last_event_id:
        return Response(status_code=204)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    stream = _stream(watcher, job.key, event, last_event_id, allowed, token)
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _stream(
    watcher: Watcher[J], key: str, event: Event, last: str | None, allowed: Allowed, token: str | None
) -> AsyncIterator[bytes]:
    yield event.encoded(RETRY) if event.id != last else format_sse_event(data_str=None, retry=RETRY)
    async with watcher.watching(key, previews=True) as watched:
        version, shown = 0, None
        checked = told = anyio.current_time()
        while not event.over:
            version, silent = await _newer(watched, version)
            now = anyio.current_time()
            if now - checked >= CHECK:
                if not await allowed():
                    return  # a reader who comes back gets a 401
                checked = now
            if silent:
                if now - told >= SILENCE:
                    yield KEEPALIVE_COMMENT
                    told = now
                continue
            told = now
            if watched.state is None:
                return  # forgotten: a reader who comes back gets a 404
            before, event = event, Event(watched.state)
            if event.id != before.id:
                yield event.encoded()
            preview = watched.state.preview
            if preview is not None and preview != shown:
                shown = preview
                yield _preview(with_query(preview, {"token": token}))


def _preview(url: str) -> bytes:
    """Without an id: a reader who comes back gets the next one."""
    return format_sse_event(data_str=Shown(url=url).model_dump_json(), event="preview")


async def _newer(watched: Watched[J], version: int) -> tuple[int, bool]:
    """The next version, or True when there has been none for a while."""
    with anyio.move_on_after(min(CHECK, SILENCE)):
        return await watched.newer(version), False
    return version, True
