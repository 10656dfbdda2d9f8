"""Decodes images in parallel processes that may die: of each one that dies, the image that it died of is found."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from typing import Any, Generic, TypeVar

from featurelens.worker.datasets import decoding
from featurelens.worker.datasets.decoding import Broken

Made = TypeVar("Made")


class Pending(Generic[Made]):
    """What has been asked for, and the answer once there is one."""

    def __init__(self, task: Callable[..., Made | Broken], arguments: tuple[Any, ...]) -> None:
        self.task, self.arguments = task, arguments
        self.future: Future[Made | Broken] = Future()
        self.answer: Made | Broken | None = None


class Decoder:
    """`processes` at once, started when they are needed from one that has the libraries loaded already.

    When one dies, all that was asked for is asked for again, one after the other: what then ends a process alone is
    broken. Used by one thread.
    """

    def __init__(self, processes: int | None = None) -> None:
        self.processes = processes or os.cpu_count() or 1
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([decoding.__name__])
        self._pool = self._started()
        self._open: dict[Pending[Any], None] = {}
        """Asked for and not answered yet, in that order."""
        self._suspects: deque[Pending[Any]] = deque()
        """Those that are asked for one after the other; the first is on its way."""

    def warm_up(self) -> None:
        """Waits until the first process is there, which takes seconds."""
        self._pool.submit(os.getpid).result()

    def ask(self, task: Callable[..., Made | Broken], *arguments: Any) -> Pending[Made]:
        """Asks for ``task(*arguments)``, a function of `decoding`."""
        pending = Pending(task, arguments)
        self._open[pending] = None
        if self._suspects:
            self._suspects.append(pending)
        else:
            self._submit(pending)
        return pending

    def answer(self, pending: Pending[Made], patience: float) -> Made | Broken | None:
        """What has been made, waited for at most `patience` seconds; None when it has not been made by then."""
        end = time.monotonic() + patience
        while pending.answer is None:
            current = self._suspects[0] if self._suspects else pending
            try:
                answer = current.future.result(max(0.0, end - time.monotonic()))
            except TimeoutError:
                return None
            except BrokenExecutor:
                if not self._suspects:
                    self._suspect_all()
                    continue
                self._restart()
                answer = Broken("it ends the process that decodes it, or takes too long")
            self._settle(current, answer)
        return pending.answer

    def forget(self, pending: Pending[Any]) -> None:
        """It is not wanted any more. A suspect on its way is waited for, so that others do not suffer by it."""
        if self._suspects and pending is self._suspects[0]:
            return
        pending.future.cancel()
        self._open.pop(pending, None)
        if pending in self._suspects:
            self._suspects.remove(pending)

    def close(self) -> None:
        """Ends the processes, whatever they are at."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        # A pool that breaks overlooks a process that is just being started, and would wait for its end for ever.
        for end in self._ends:
            end.close()

    def _settle(self, pending: Pending[Any], answer: Any) -> None:
        pending.answer = answer
        self._open.pop(pending, None)
        if self._suspects:
            self._suspects.popleft()
            if self._suspects:
                self._submit(self._suspects[0])

    def _suspect_all(self) -> None:
        self._restart()
        for pending in list(self._open):
            if pending.future.done() and not pending.future.cancelled() and pending.future.exception() is None:
                self._settle(pending, pending.future.result())
        self._suspects.extend(self._open)
        if self._suspects:
            self._submit(self._suspects[0])

    def _restart(self) -> None:
        self.close()
        self._pool = self._started()

    def _started(self) -> ProcessPoolExecutor:
        self._ends = theirs, _ = self._context.Pipe(duplex=False)
        return ProcessPoolExecutor(self.processes, self._context, decoding.begin, (theirs,))

    def _submit(self, pending: Pending[Any]) -> None:
        try:
            try:
                pending.future = self._pool.submit(pending.task, *pending.arguments)
            except OSError:  # no process could be started: as often as not because others die at this moment
                pending.future = self._pool.submit(pending.task, *pending.arguments)
        except BrokenExecutor as error:  # it is known to be, before anybody has asked for an answer
            pending.future = Future()
            pending.future.set_exception(error)
