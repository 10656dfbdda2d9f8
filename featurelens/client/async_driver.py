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
from featurelens.client.steps import Answer, Emit, Event, Hear, Listen, Pause, Request, Step, Steps
from featurelens.jobs.errors import FeaturelensError

T = TypeVar("T")


class AsyncDriver:
    """One connection pool, for the tasks of one event loop."""

    def __init__(self, connection: Connection, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.connection = connection
        self._http = httpx.AsyncClient(transport=transport, **connection.options())

    async def run(self, steps: Steps[T]) -> T:
        """The result of an operation."""
        run = _AsyncRun(self._http, self.connection.url, steps)
        async for _ in run.emitted():
            continue
        result: T = run.result
        return result

    async def emitted(self, steps: Steps[Any]) -> AsyncIterator[Any]:
        """What it emits, as it does."""
        async for value in _AsyncRun(self._http, self.connection.url, steps).emitted():
            yield value

    async def close(self) -> None:
        await self._http.aclose()


class _AsyncRun:
    def __init__(self, http: httpx.AsyncClient, url: str, steps: Steps[Any]) -> None:
        self.result: Any = None
        self._http = http
        self._url = url
        self._steps = steps
        self._stream = AsyncExitStack()
        self._events: AsyncIterator[ServerSentEvent] | None = None

    async def emitted(self) -> AsyncIterator[Any]:
        sent: Any = None
        error: FeaturelensError | None = None
        async with self._stream:
            while True:
                try:
                    step = self._steps.send(sent) if error is None else self._steps.throw(error)
                except StopIteration as end:
                    self.result = end.value
                    return
                sent = error = None
                if isinstance(step, Emit):
                    yield step.value
                    continue
                try:
                    sent = await self._done(step)
                except FeaturelensError as refused:
                    error = refused
                except httpx.HTTPError as broken:
                    error = unreachable(broken, self._url)

    async def _done(self, step: Step) -> Answer | Event | None:
        match step:
            case Request():
                return answer_of(await self._http.request(**arguments(step)))
            case Pause(seconds=seconds):
                await asyncio.sleep(seconds)
            case Listen():
                await self._stream.aclose()
                source: EventSource = await self._stream.enter_async_context(
                    aconnect_sse(self._http, **listening(step))
                )
                if source.response.status_code != 200:
                    await source.response.aread()
                    check_stream(source.response)
                self._events = source.aiter_sse() if source.response.status_code == 200 else None
            case Hear():
                heard = None if self._events is None else await anext(self._events, None)
                return None if heard is None else event_of(heard)
        return None


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
