"""Whose heartbeat it is: one that has died leaves its own for half a minute, which says nothing of the next one."""

from __future__ import annotations

import asyncio
import os

from redis import Redis

from featurelens.jobs.queue.liveness import CATALOGUER, beat, rest
from featurelens.launcher.readiness import cataloguer_hangs, cataloguer_ready


def test_the_heartbeat_of_another_process(broker: str, redis: Redis) -> None:
    ready, hangs, ours, another = cataloguer_ready(broker), cataloguer_hangs(broker), os.getpid(), os.getppid()
    beat(redis, CATALOGUER)
    assert asyncio.run(ready(ours))
    assert not asyncio.run(hangs(ours))
    assert not asyncio.run(ready(another)), "it is not taken for ready, and so not for hanging a little later"
    assert asyncio.run(hangs(another))
    rest(redis, CATALOGUER)
    assert not asyncio.run(ready(ours))
