"""Waiting for changes of jobs without a thread or a connection for each who waits.

One task reads the state of all watched jobs in one round trip and wakes those whose job has changed. A thousand who
watch the same job cost one read; one who has gone away costs nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from starlette.concurrency import run_in_threadpool

from featurelens.jobs.logs import logger
from featurelens.service.schemas.job import Job

INTERVAL = 0.25
"""Seconds between two reads; slots report twice a second."""

_SHARE = 4
"""A read that takes long is followed by a pause this many times as long."""

J = TypeVar("J", bound=Job)

ReadStates = Callable[[Sequence[str], Sequence[str]], Sequence[J | None]]
"""The resources of the jobs with some keys; for those named second, previews are wanted as well."""


class Watched(Generic[J]):
    """The latest state of one job: its resource, or None when there is no such job."""

    def __init__(self) -> None:
        self.watchers = 0
        self.preview_watchers = 0
        self.version = 0
        self.state: J | None = None
        self.bells: list[asyncio.Event] = []
        """Set with each new version: for those who wait for any of many jobs."""
        self._changed = asyncio.Event()

    async def newer(self, version: int) -> int:
        """Waits until there is a version after `version`, and returns it; 0 is before the first read."""
        while self.version <= version:
            await self._changed.wait()
        return self.version

    def update(self, state: J | None) -> None:
        """Wakes those who wait, unless nothing has changed."""
        if self.version and state == self.state:
            return
        self.state = state
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()
        for bell in self.bells:
            bell.set()


class Watcher(Generic[J]):
    """`read` returns the state of many jobs, called in a thread; None for keys that nobody has accepted."""

    def __init__(self, read: ReadStates[J]) -> None:
        self._read = read
        self._watched: dict[str, Watched[J]] = {}
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def watching(
        self, key: str, previews: bool = False, bell: asyncio.Event | None = None
    ) -> AsyncIterator[Watched[J]]:
        """Watches the job as long as the block lasts; `previews`: asks for previews of it, too; `bell` is set with each
        new version.
        """
        watched = self._watched.setdefault(key, Watched())
        watched.watchers += 1
        watched.preview_watchers += previews
        bells = [] if bell is None else [bell]
        watched.bells += bells
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        try:
            yield watched
        finally:
            watched.watchers -= 1
            watched.preview_watchers -= previews
            for one in bells:
                watched.bells.remove(one)
            if watched.watchers == 0:
                del self._watched[key]

    def watchers(self, key: str) -> int:
        return self._watched[key].watchers if key in self._watched else 0

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        try:
            while self._watched:
                begun = time.monotonic()
                await self._refresh(list(self._watched))
                await asyncio.sleep(max(INTERVAL, _SHARE * (time.monotonic() - begun)))
        finally:
            self._task = None

    async def _refresh(self, keys: Sequence[str]) -> None:
        try:
            previewed = [key for key in keys if self._watched[key].preview_watchers]
            states = await run_in_threadpool(self._read, keys, previewed)
        except Exception as error:  # noqa: BLE001  # the broker is away: those who watch go on waiting
            logger().warning("the watched jobs could not be read", reason=type(error).__name__)
            return
        for key, state in zip(keys, states, strict=True):
            if key in self._watched:
                self._watched[key].update(state)
