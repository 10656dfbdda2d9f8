"""Watching without a thread or a connection for each who waits."""

from __future__ import annotations

import asyncio
from typing import Any

from featurelens.service.schemas.visualization import Visualization
from featurelens.service.watcher import Watcher


def test_one_look_for_all_who_watch() -> None:
    """A watcher whose looks fail at first goes on, and looks at a picture once however many watch it."""
    looks: list[list[str]] = []

    def look(keys: Any, viewed: Any) -> list[Visualization | None]:
        assert not viewed
        looks.append(list(keys))
        if len(looks) == 1:
            raise ConnectionError
        return [None for _ in keys]

    async def watch() -> int:
        watcher = Watcher(look)
        async with watcher.watching("a") as one, watcher.watching("a") as other, asyncio.timeout(5):
            assert one is other
            version = await one.newer(0)
        await watcher.close()
        return version

    assert asyncio.run(watch()) == 1
    assert looks == [["a"], ["a"]]
