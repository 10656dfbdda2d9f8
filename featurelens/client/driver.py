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
from featurelens.client.steps import Answer, Course, Emit, Event, Hear, Listen, Pause, Request, Step, Steps
from featurelens.jobs.errors import FeaturelensError

T = TypeVar("T")


class Driver:
    """One connection pool; any number of threads may use it. `transport` takes the place of the network in tests."""

    def __init__(self, connection: Connection, transport: httpx.BaseTransport | None = None) -> None:
        self.connection = connection
        self._http = httpx.Client(transport=transport, **connection.options())

    def run(self, steps: Steps[T]) -> T:
        """The result of an operation."""
        course = Course(steps)
        for _ in self._emitted(course):
            continue
        return course.result

    def emitted(self, steps: Steps[Any]) -> Iterator[Any]:
        """What it emits, as it does."""
        yield from self._emitted(Course(steps))

    def close(self) -> None:
        self._http.close()

    def _emitted(self, course: Course[Any]) -> Iterator[Any]:
        with _Ear(self._http) as ear:
            while (step := course.next()) is not None:
                if isinstance(step, Emit):
                    yield step.value
                    continue
                try:
                    course.came = self._done(step, ear)
                except FeaturelensError as refused:
                    course.failed = refused
                except httpx.HTTPError as broken:
                    course.failed = unreachable(broken, self.connection.url)

    def _done(self, step: Step, ear: _Ear) -> Answer | Event | None:
        match step:
            case Request():
                return answer_of(self._http.request(**arguments(step)))
            case Pause(seconds=seconds):
                time.sleep(seconds)
            case Listen():
                ear.listen(step)
            case Hear():
                return ear.hear()
        return None


class _Ear:
    """The stream of events that an operation listens to, one at a time. A context manager."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._open = ExitStack()
        self._events: Iterator[ServerSentEvent] = iter(())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def listen(self, step: Listen) -> None:
        """Raises the refusal. 204, nothing more to hear, is a stream that has ended."""
        self._open.close()
        source: EventSource = self._open.enter_context(connect_sse(self._http, **listening(step)))
        if source.response.status_code == 200:
            self._events = source.iter_sse()
            return
        source.response.read()
        check_stream(source.response)
        self._events = iter(())

    def hear(self) -> Event | None:
        heard = next(self._events, None)
        return None if heard is None else event_of(heard)


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
