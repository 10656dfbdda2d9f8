"""What is asked again and again beside a scan's forward passes: in a thread, one time after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from featurelens.worker.renderer.course_work import beside

EVERY = 0.5
"""Seconds between two."""

Answer = TypeVar("Answer")


class Pulse(Generic[Answer]):
    """`latest` is what was answered last; `submit` does something in a thread."""

    def __init__(self, submit: Callable[[Callable[[], Any]], Future[Any]], first: Answer) -> None:
        self._submit = submit
        self.latest = first
        self._under_way: Future[Answer] | None = None
        self._due = time.monotonic() + EVERY

    def beat(self, call: Callable[[], Answer]) -> None:
        """Asks if it is time to; never waits."""
        if self._under_way is not None and self._under_way.done():
            self.latest, self._under_way = self._under_way.result(), None
        elif self._under_way is None and time.monotonic() >= self._due:
            self._under_way = self._submit(call)
            self._due = time.monotonic() + EVERY

    def now(self, call: Callable[[], Answer]) -> Generator[None, None, Answer]:
        """What is answered from now on."""
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            yield from beside(lambda _: under_way, call)
        self.latest = yield from beside(self._submit, call)
        self._due = time.monotonic() + EVERY
        return self.latest
