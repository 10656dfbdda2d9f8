"""Tells the slots of deaths that say nothing about the pictures that were being made (see `jobs.queue.deaths`)."""

from __future__ import annotations

from redis.exceptions import RedisError

from featurelens.jobs.queue.deaths import GUILTY, INNOCENT, KNOWN_FOR, announcement, from_outside
from featurelens.launcher.broker import client
from featurelens.launcher.role import Death, Died


def announcing(url: str, *, hangs_count: bool) -> Died:
    """For a role: `hangs_count` says whether one that hung may have been made to by a picture."""

    async def died(death: Death) -> None:
        innocent = not hangs_count if death.hung else from_outside(death.status, death.oom_kills)
        try:
            async with client(url) as redis:
                await redis.set(announcement(death.pid), INNOCENT if innocent else GUILTY, ex=KNOWN_FOR)
        except (RedisError, OSError):
            return  # what is not told counts, as a rule for once too often

    return died
