"""Streams many jobs, of any kinds, over one connection: a browser opens six, and a page may show more jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Any

import anyio
from fastapi import Response
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from featurelens.service.event_stream import CHECK, RETRY, SILENCE, Allowed
from featurelens.service.schemas.job import Job
from featurelens.service.watcher import Watched, Watcher


def job_stream(watchers: Mapping[str, Watcher[Any]], jobs: Mapping[str, Job | None], allowed: Allowed) -> Response:
    """An event `job` with the whole resource of each of `jobs` (by key), now and whenever it changes, until the end.

    `watchers` are those of the keys. A key of which nothing is known gets one event `unknown`. Events break off when
    `allowed` says that the reader may read no more.
    """
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(watchers, jobs, allowed), media_type="text/event-stream", headers=headers)


async def _stream(
    watchers: Mapping[str, Watcher[Any]], jobs: Mapping[str, Job | None], allowed: Allowed
) -> AsyncIterator[bytes]:
    yield format_sse_event(data_str=None, retry=RETRY)
    for key, job in jobs.items():
        yield _told(key, job)
    async with AsyncExitStack() as stack:
        waiting: dict[str, Watched[Any]] = {}
        for key, job in jobs.items():
            if job is not None and not job.over:
                waiting[key] = await stack.enter_async_context(watchers[key].watching(key, previews=True))
        versions, shown = dict.fromkeys(waiting, 0), dict(jobs)
        checked = told = anyio.current_time()
        while waiting:
            changed = await _changed(waiting, versions)
            now = anyio.current_time()
            if now - checked >= CHECK:
                if not await allowed():
                    return
                checked = now
            for key in changed:
                watched = waiting[key]
                versions[key] = watched.version
                if watched.state != shown[key]:
                    shown[key] = watched.state
                    told = now
                    yield _told(key, watched.state)
                if watched.state is None or watched.state.over:
                    del waiting[key]
            if now - told >= SILENCE:
                yield KEEPALIVE_COMMENT
                told = now


async def _changed(waiting: Mapping[str, Watched[Any]], versions: Mapping[str, int]) -> list[str]:
    """Keys whose jobs have changed; none when nothing has for a while."""
    tasks = {asyncio.create_task(watched.newer(versions[key])): key for key, watched in waiting.items()}
    try:
        done, _ = await asyncio.wait(tasks, timeout=CHECK, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    return [tasks[task] for task in done]


def _told(key: str, job: Job | None) -> bytes:
    if job is None:
        return format_sse_event(data_str=f'"{key}"', event="unknown")
    return format_sse_event(data_str=job.model_dump_json(), event="job")
