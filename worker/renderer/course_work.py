"""Works that take many ticks: a generator does a part of them with each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from featurelens.engine.network import Network
from featurelens.worker.protocol import Ask
from featurelens.worker.renderer.single_work import SingleWork
from featurelens.worker.renderer.work import Work

PATIENCE = 0.02
"""Seconds that a step waits for others to be done; the renderer's loop has other things to do."""

Result = TypeVar("Result")
Steps = Generator[None, None, None]


class CourseWork(SingleWork):
    """One job; it has ended when `steps` has."""

    def __init__(self, ask: Ask, network: Network, steps: Steps, begun: float) -> None:
        super().__init__(ask, network, begun)
        self._steps = steps

    def tick(self, chosen: Sequence[Work]) -> Collection[Work]:
        try:
            next(self._steps)
        except StopIteration:
            self.leave()
            return [self]
        return []

    def leave(self) -> None:
        self._steps.close()
        super().leave()


def beside(
    submit: Callable[[Callable[[], Result]], Future[Any]], work: Callable[[], Result]
) -> Generator[None, None, Result]:
    """What `work` returns, which `submit` has done in a thread."""
    future: Future[Result] = submit(work)
    while True:
        try:
            return future.result(PATIENCE)
        except TimeoutError:
            if future.done():
                raise
            yield
