"""Watching without a thread or a connection for each who waits."""

from __future__ import annotations

import asyncio
from typing import Any

from featurelens.service.schemas.visualization import Visualization
from featurelens.service.watcher import Watcher


def test_one_read_for_all_who_watch() -> None:
    """A watcher whose reads fail at first goes on, and reads a job once however many watch it."""
    reads: list[list[str]] = []

    def read(keys: Any, previewed: Any) -> list[Visualization | None]:
        assert not previewed
        reads.append(list(keys))
        if len(reads) == 1:
            raise ConnectionError
        return [None for _ in keys]

    async def watch() -> int:
        watcher = Watcher(read)
        async with watcher.watching("a") as one, watcher.watching("a") as other, asyncio.timeout(5):
            assert one is other
            version = await one.newer(0)
        await watcher.close()
        return version

    assert asyncio.run(watch()) == 1
    assert reads == [["a"], ["a"]]
