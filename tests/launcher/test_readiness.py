"""Whose heartbeat it is: one that has died leaves its own for half a minute, which says nothing of the next one."""

from __future__ import annotations

import asyncio
import os

from redis import Redis

from featurelens.jobs.queue.liveness import beat, cataloguer_key, rest
from featurelens.launcher.readiness import cataloguer_hangs, cataloguer_ready


async def told(broker: str, pid: int) -> tuple[bool, bool]:
    """Whether the process counts as ready, and as hanging."""
    return await cataloguer_ready(broker)(pid), await cataloguer_hangs(broker)(pid)


def test_the_heartbeat_of_another_process(broker: str, redis: Redis) -> None:
    """It is not taken for ready, and so not for hanging a little later."""
    beat(redis, cataloguer_key(""))
    assert asyncio.run(told(broker, os.getpid())) == (True, False)
    assert asyncio.run(told(broker, os.getppid())) == (False, True)
    rest(redis, cataloguer_key(""))
    assert asyncio.run(told(broker, os.getpid())) == (False, True)
