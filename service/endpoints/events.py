"""Watching a picture as server-sent events: the facts that polling tells, as soon as they change.

An event's `id` is a digest of what it says. So a reader who comes back with `Last-Event-ID` gets what has changed,
however long it was away and whichever process it asks, and nothing has to be kept for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from featurelens.jobs.errors import NotFound
from featurelens.service.dependencies import Deps, Key
from featurelens.service.endpoints.tokens import Opened
from featurelens.service.lookup import find
from featurelens.service.problems import declare
from featurelens.service.schemas.visualization import UNKNOWN, Progress, Visualization
from featurelens.service.watcher import Watched, Watcher

SILENCE = 15.0
"""Seconds after which a comment shows proxies that the connection is alive."""

RETRY = 2000
"""Milliseconds after which a browser that has lost the connection comes back."""

_EXAMPLE = """retry: 2000
event: queued
data: {"position":1}
id: 5b0dd8b5c22a7c1f

event: progress
data: {"stage":"rendering","step":40,"steps":128,"activation":1.52,"seconds_left":2.1}
id: 93a1f0c44be8d0aa

event: succeeded
data: {"key":"fv1_...","status":"succeeded","links":{"image":"/v1/visualizations/fv1_.../image"}}
id: 0f83ab11c09d5e77
"""

router = APIRouter(prefix="/v1/visualizations", tags=["visualizations"])


class Queued(BaseModel):
    """It waits for its turn."""

    position: int | None = Field(description="place in the queue, 1 is next")


class Shown(BaseModel):
    """There is a new preview."""

    url: str


class Event:
    """What `state` says as an event. `over`: nothing comes after it."""

    def __init__(self, state: Visualization) -> None:
        said: BaseModel = state
        self.over = state.over
        self.name: str = state.status
        if state.status == "queued":
            said = Queued(position=state.position)
        elif not state.over:
            said, self.name = state.progress or Progress(step=0, steps=state.spec.steps), "progress"
        self.data = said.model_dump_json()
        self.id = hashlib.sha256(f"{self.name} {self.data}".encode()).hexdigest()[:16]

    def line(self, retry: int | None = None) -> bytes:
        return format_sse_event(data_str=self.data, event=self.name, id=self.id, retry=retry)


_NAMES = ("queued", "progress", "preview", "succeeded", "failed", "cancelled")
_DATA = {
    "type": "string",
    "contentMediaType": "application/json",
    "contentSchema": {
        "anyOf": [
            *(kind.model_json_schema() for kind in (Queued, Shown)),
            *({"$ref": f"#/components/schemas/{kind.__name__}"} for kind in (Progress, Visualization)),
        ]
    },
}
_ITEM = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "event": {"enum": _NAMES},
        "data": _DATA,
        "id": {"type": "string"},
        "retry": {"type": "integer", "minimum": 0},
    },
}
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "events `queued`, `progress`, `preview`; in the end `succeeded`, `failed` or `cancelled`",
        "content": {"text/event-stream": {"itemSchema": _ITEM, "example": _EXAMPLE}},
    },
    204: {"description": "you have been told how it ended: do not come back"},
}


@router.get(
    "/{key}/events",
    summary="Watch it as server-sent events",
    response_class=StreamingResponse,
    dependencies=[Opened],
    responses={**_STREAM, **declare(404, 503)},
)
async def events(
    key: Key,
    deps: Deps,
    last_event_id: Annotated[str | None, Header(description="sent by browsers that come back")] = None,
) -> Response:
    """How far it is, whenever that changes, then how it ended, with the whole resource. The end is always told.

    Whoever comes back with `Last-Event-ID` hears what has changed since; 204 when that was the end.
    """
    state = await run_in_threadpool(find, deps.store, deps.queue, key)
    if state is None:
        raise NotFound(UNKNOWN)
    event = Event(state)
    if event.over and event.id == last_event_id:
        return Response(status_code=204)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    stream = _stream(deps.watcher, key, event, last_event_id)
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _stream(watcher: Watcher, key: str, event: Event, last: str | None) -> AsyncIterator[bytes]:
    yield event.line(RETRY) if event.id != last else format_sse_event(data_str=None, retry=RETRY)
    async with watcher.watching(key, previews=True) as watched:
        version, shown = 0, None
        while not event.over:
            version, silent = await _newer(watched, version)
            if silent:
                yield KEEPALIVE_COMMENT
                continue
            if watched.state is None:
                return  # forgotten: who comes back is told so with a 404
            before, event = event, Event(watched.state)
            if event.id != before.id:
                yield event.line()
            if watched.state.links.preview not in {None, shown}:
                shown = watched.state.links.preview
                yield _preview(shown)


def _preview(url: str | None) -> bytes:
    """Without an id: who comes back sees the next one."""
    return format_sse_event(data_str=Shown(url=url or "").model_dump_json(), event="preview")


async def _newer(watched: Watched, version: int) -> tuple[int, bool]:
    """The version there is news of, or True when there has been none for `SILENCE` seconds."""
    with anyio.move_on_after(SILENCE):
        return await watched.newer(version), False
    return version, True
