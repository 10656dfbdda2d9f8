"""Waiting for news of pictures without a thread or a connection for each who waits.

One task looks at all pictures that somebody watches, in one round trip, and wakes those whose picture has changed. A
thousand who watch the same picture cost one look; one who has gone away costs nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from starlette.concurrency import run_in_threadpool

from featurelens.jobs.logs import logger
from featurelens.service.schemas.visualization import Visualization

INTERVAL = 0.25
"""Seconds between two looks; slots report twice a second."""

_SHARE = 4
"""A look that takes long is followed by a rest this many times as long."""

Look = Callable[[Sequence[str], Sequence[str]], Sequence[Visualization | None]]
"""What is to be said about the pictures of some keys; previews are wanted of those named second."""


class Watched:
    """The latest that is known of one picture: its resource, or None when there is no such picture."""

    def __init__(self) -> None:
        self.watchers = 0
        self.viewers = 0
        self.version = 0
        self.state: Visualization | None = None
        self._news = asyncio.Event()

    async def newer(self, version: int) -> int:
        """Waits until there is something newer than `version`; 0 is older than the first look."""
        while self.version <= version:
            await self._news.wait()
        return self.version

    def set(self, state: Visualization | None) -> None:
        if self.version and state == self.state:
            return
        self.state = state
        self.version += 1
        self._news.set()
        self._news = asyncio.Event()


class Watcher:
    """`look` reads the state of many pictures, in a thread; keys that nobody has accepted are None."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._watched: dict[str, Watched] = {}
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def watching(self, key: str, previews: bool = False) -> AsyncIterator[Watched]:
        """As long as the block lasts, the picture is looked at; `previews`: somebody wants to see it, too."""
        watched = self._watched.setdefault(key, Watched())
        watched.watchers += 1
        watched.viewers += previews
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        try:
            yield watched
        finally:
            watched.watchers -= 1
            watched.viewers -= previews
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
                await self._look_once(list(self._watched))
                await asyncio.sleep(max(INTERVAL, _SHARE * (time.monotonic() - begun)))
        finally:
            self._task = None

    async def _look_once(self, keys: Sequence[str]) -> None:
        try:
            viewed = [key for key in keys if self._watched[key].viewers]
            states = await run_in_threadpool(self._look, keys, viewed)
        except Exception as error:  # noqa: BLE001  # the broker is away: those who watch go on waiting
            logger().warning("no look at the pictures watched", reason=type(error).__name__)
            return
        for key, state in zip(keys, states, strict=True):
            if key in self._watched:
                self._watched[key].set(state)
