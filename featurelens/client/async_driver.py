"""Runs operations with httpx, without blocking: the twin of `driver`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, Self, TypeVar

import httpx
from httpx_sse import EventSource, ServerSentEvent, aconnect_sse

from featurelens.client.connection import (
    Connection,
    answer_of,
    arguments,
    check_stream,
    event_of,
    listening,
    unreachable,
)
from featurelens.client.steps import Answer, Course, Emit, Event, Hear, Listen, Pause, Request, Step, Steps
from featurelens.jobs.errors import FeaturelensError

T = TypeVar("T")


class AsyncDriver:
    """One connection pool, for the tasks of one event loop."""

    def __init__(self, connection: Connection, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.connection = connection
        self._http = httpx.AsyncClient(transport=transport, **connection.options())

    async def run(self, steps: Steps[T]) -> T:
        """The result of an operation."""
        course = Course(steps)
        async for _ in self._emitted(course):
            continue
        return course.result

    async def emitted(self, steps: Steps[Any]) -> AsyncIterator[Any]:
        """What it emits, as it does."""
        async for value in self._emitted(Course(steps)):
            yield value

    async def close(self) -> None:
        await self._http.aclose()

    async def _emitted(self, course: Course[Any]) -> AsyncIterator[Any]:
        async with _AsyncEar(self._http) as ear:
            while (step := course.next()) is not None:
                if isinstance(step, Emit):
                    yield step.value
                    continue
                try:
                    course.came = await self._done(step, ear)
                except FeaturelensError as refused:
                    course.failed = refused
                except httpx.HTTPError as broken:
                    course.failed = unreachable(broken, self.connection.url)

    async def _done(self, step: Step, ear: _AsyncEar) -> Answer | Event | None:
        match step:
            case Request():
                return answer_of(await self._http.request(**arguments(step)))
            case Pause(seconds=seconds):
                await asyncio.sleep(seconds)
            case Listen():
                await ear.listen(step)
            case Hear():
                return await ear.hear()
        return None


class _AsyncEar:
    """The stream of events that an operation listens to, one at a time. An asynchronous context manager."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._open = AsyncExitStack()
        self._events: AsyncIterator[ServerSentEvent] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def listen(self, step: Listen) -> None:
        await self._open.aclose()
        source: EventSource = await self._open.enter_async_context(aconnect_sse(self._http, **listening(step)))
        if source.response.status_code == 200:
            self._events = source.aiter_sse()
            return
        await source.response.aread()
        check_stream(source.response)
        self._events = None

    async def hear(self) -> Event | None:
        heard = None if self._events is None else await anext(self._events, None)
        return None if heard is None else event_of(heard)


class AsyncClosing:
    """An asynchronous context manager that closes its driver."""

    _driver: AsyncDriver

    async def close(self) -> None:
        """Closes all connections."""
        await self._driver.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
