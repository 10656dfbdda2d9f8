"""The launcher's own connections to Redis or Valkey, and whether that answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError, RedisError, ResponseError

from featurelens.jobs.broker_address import sentinels
from featurelens.jobs.queue.trouble import CLUSTER, Trouble, in_a_cluster, trouble
from featurelens.launcher.children import GaveUp
from featurelens.launcher.role import Ready

ANSWER_WITHIN = 2.0
"""Seconds to wait for an answer."""

CHECK_EVERY = 0.1
"""Seconds between two tries."""


@asynccontextmanager
async def client(url: str) -> AsyncIterator[Redis]:
    """A client that neither waits for long nor tries again."""
    limits: dict[str, Any] = {"socket_connect_timeout": ANSWER_WITHIN, "socket_timeout": ANSWER_WITHIN}
    limits["retry"] = Retry(NoBackoff(), 0)
    known = sentinels(url)
    if known is None:
        async with Redis.from_url(url, **limits) as redis:
            yield redis
        return
    watch = Sentinel(known.members, sentinel_kwargs={**limits, **known.own})  # type: ignore[no-untyped-call]
    options = {**limits, **known.options}
    async with watch, watch.master_for(known.master, **options) as redis:
        yield redis


def broker_ready(url: str) -> Ready:
    """Whether it answers and has its data loaded; even if it says that it takes no writes."""

    async def ready(_: int) -> bool:
        return await _trouble(url) is None

    return ready


async def await_broker(url: str, seconds: float) -> None:
    """Returns as soon as the broker answers. Raises `GaveUp` after `seconds`; at once where waiting would not help."""
    end = time.monotonic() + seconds
    while (found := await _trouble(url)) is not None:
        late = time.monotonic() > end
        if found.lasting or late:
            waited = f" (waited {seconds:g} s)" if late else ""
            raise GaveUp(f"the server named by REDIS_URL {found.words}{waited}")
        await asyncio.sleep(CHECK_EVERY)


async def _trouble(url: str) -> Trouble | None:
    try:
        async with client(url) as redis:
            await redis.ping()
            return CLUSTER if in_a_cluster(await redis.info("cluster")) else None
    except ResponseError as error:
        return trouble(error) if isinstance(error, NoPermissionError) else None
    except (RedisError, OSError) as error:
        return trouble(error)
