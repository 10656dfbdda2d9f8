"""What many ask for at once is made once, and not too many things at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from anyio import CapacityLimiter, to_thread

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Makes `at_once` things in threads of its own. Whoever waits for one costs no thread."""

    def __init__(self, at_once: int) -> None:
        self._limiter = CapacityLimiter(at_once)
        self._making: dict[str, asyncio.Task[T]] = {}

    async def get(self, name: str, make: Callable[[], T]) -> T:
        """What `make` returns or raises, called unless that of this `name` is being made already.

        It is made to its end even if whoever asked has gone.
        """
        task = self._making.get(name)
        if task is None:
            task = asyncio.create_task(to_thread.run_sync(make, limiter=self._limiter))
            self._making[name] = task
            task.add_done_callback(partial(self._made, name))
        return await asyncio.shield(task)

    def _made(self, name: str, task: asyncio.Task[T]) -> None:
        del self._making[name]
        if not task.cancelled():
            task.exception()  # nobody may be left to be told
