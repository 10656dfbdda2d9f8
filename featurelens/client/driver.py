"""Runs operations with httpx, waiting for each step."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Self, TypeVar

import httpx
from httpx_sse import EventSource, ServerSentEvent, connect_sse

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


class Driver:
    """One connection pool; any number of threads may use it. `transport` takes the place of the network in tests."""

    def __init__(self, connection: Connection, transport: httpx.BaseTransport | None = None) -> None:
        self.connection = connection
        self._http = httpx.Client(transport=transport, **connection.options())

    def run(self, steps: Steps[T]) -> T:
        """The result of an operation."""
        run = _Run(self._http, self.connection.url, steps)
        for _ in run:
            continue
        result: T = run.result
        return result

    def emitted(self, steps: Steps[Any]) -> Iterator[Any]:
        """What it emits, as it does."""
        yield from _Run(self._http, self.connection.url, steps)

    def close(self) -> None:
        self._http.close()


class _Run:
    """One operation on its way: iterates over what it emits, and then has its `result`."""

    def __init__(self, http: httpx.Client, url: str, steps: Steps[Any]) -> None:
        self.result: Any = None
        self._http = http
        self._url = url
        self._steps = steps
        self._stream = ExitStack()
        self._events: Iterator[ServerSentEvent] = iter(())

    def __iter__(self) -> Iterator[Any]:
        sent: Any = None
        error: FeaturelensError | None = None
        with self._stream:
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
                    sent = self._done(step)
                except FeaturelensError as refused:
                    error = refused
                except httpx.HTTPError as broken:
                    error = unreachable(broken, self._url)

    def _done(self, step: Step) -> Answer | Event | None:
        match step:
            case Request():
                return answer_of(self._http.request(**arguments(step)))
            case Pause(seconds=seconds):
                time.sleep(seconds)
            case Listen():
                self._stream.close()
                source: EventSource = self._stream.enter_context(connect_sse(self._http, **listening(step)))
                if source.response.status_code != 200:
                    source.response.read()
                    check_stream(source.response)
                self._events = source.iter_sse() if source.response.status_code == 200 else iter(())
            case Hear():
                heard = next(self._events, None)
                return None if heard is None else event_of(heard)
        return None


class Closing:
    """A context manager that closes its driver."""

    _driver: Driver

    def close(self) -> None:
        """Closes all connections."""
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
