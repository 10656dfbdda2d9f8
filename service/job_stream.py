"""Streams many jobs, of any kinds, over one connection: a browser opens six, and a page may show more jobs.

A job is watched until it is over, and what happens while a reader is slow is told as one change. An event's `id` is a
digest of all that has been told so far, of all the jobs: a reader who comes back with `Last-Event-ID` hears of what it
has missed, whichever process answers.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import anyio
from fastapi import Response
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from featurelens.service.event_stream import CHECK, RETRY, SILENCE, Allowed
from featurelens.service.schemas.job import Job
from featurelens.service.watcher import Watched, Watcher


def job_stream(
    watchers: Mapping[str, Watcher[Any]], jobs: Mapping[str, Job | None], last_event_id: str | None, allowed: Allowed
) -> Response:
    """An event `job` with the whole resource of each of `jobs` (by key), now and whenever it changes, until all are
    over; `unknown` for a key of which nothing is known. 204 for a reader who has seen that (`last_event_id`).

    `watchers` are those of the keys. Events break off when `allowed` says that the reader may read no more.
    """
    told = Told(jobs)
    if told.over and told.id == last_event_id:
        return Response(status_code=204)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    stream = _stream(watchers, told, last_event_id, allowed)
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


class Told:
    """The states of all jobs that a reader knows."""

    def __init__(self, jobs: Mapping[str, Job | None]) -> None:
        self._events = {key: _event(key, job) for key, job in jobs.items()}
        self._waiting = {key for key, job in jobs.items() if job is not None and not job.over}

    @property
    def waiting(self) -> Sequence[str]:
        """Keys of jobs that may still change."""
        return [key for key in self._events if key in self._waiting]

    @property
    def over(self) -> bool:
        """Whether nothing comes any more."""
        return not self._waiting

    @property
    def id(self) -> str:
        """The same when the same was told of the same jobs."""
        digest = hashlib.sha256()
        for event in self._events.values():
            digest.update(event[1])
        return digest.hexdigest()[:16]

    def news(self, states: Mapping[str, Job | None]) -> bytes:
        """Events for those of `states` that differ from what was told, which is then told."""
        changed = []
        for key, job in states.items():
            if job is None or job.over:
                self._waiting.discard(key)
            event = _event(key, job)
            if event != self._events[key]:
                self._events[key] = event
                changed.append(key)
        return self.events(changed)

    def events(self, keys: Sequence[str] | None = None) -> bytes:
        """Those of `keys`, else of all; the last one bears the id, so that whoever hears a part of them misses none."""
        chosen = [self._events[key] for key in (self._events if keys is None else keys)]
        last = len(chosen) - 1
        return b"".join(
            format_sse_event(data_str=data.decode(), event=name, id=self.id if place == last else None)
            for place, (name, _, data) in enumerate(chosen)
        )


def _event(key: str, job: Job | None) -> tuple[str, bytes, bytes]:
    """Name, digest and content."""
    name, data = ("unknown", f'"{key}"') if job is None else ("job", job.model_dump_json())
    content = data.encode()
    return name, hashlib.sha256(content).digest(), content


class _Watch(NamedTuple):
    """One job that is watched until `leave` is called."""

    watched: Watched[Any]
    leave: Callable[[], Awaitable[None]]


async def _stream(
    watchers: Mapping[str, Watcher[Any]], told: Told, last: str | None, allowed: Allowed
) -> AsyncIterator[bytes]:
    yield format_sse_event(data_str=None, retry=RETRY)
    if told.id != last:
        yield told.events()
    bell = asyncio.Event()
    bell.set()  # others may watch the same jobs, and what they know is there at once
    async with AsyncExitStack() as stack:
        watches = {key: await _watch(stack, watchers[key], key, bell) for key in told.waiting}
        versions = dict.fromkeys(watches, 0)
        checked = spoken = anyio.current_time()
        while not told.over:
            with anyio.move_on_after(min(CHECK, SILENCE)):
                await bell.wait()
            bell.clear()
            now = anyio.current_time()
            if now - checked >= CHECK:
                if not await allowed():
                    return  # a reader who comes back gets a 401
                checked = now
            newer = {key: watch.watched for key, watch in watches.items() if watch.watched.version > versions[key]}
            versions |= {key: watched.version for key, watched in newer.items()}
            news = told.news({key: watched.state for key, watched in newer.items()})
            for key in watches.keys() - set(told.waiting):
                await watches.pop(key).leave()
            if news or now - spoken >= SILENCE:
                spoken = now
                yield news or KEEPALIVE_COMMENT


async def _watch(stack: AsyncExitStack, watcher: Watcher[Any], key: str, bell: asyncio.Event) -> _Watch:
    """Until the end of `stack` at the latest."""
    own = await stack.enter_async_context(AsyncExitStack())
    return _Watch(await own.enter_async_context(watcher.watching(key, previews=True, bell=bell)), own.aclose)
