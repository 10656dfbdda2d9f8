"""Whose a worker's id is. A copied state folder brings it along, and two workers of one id would be taken for one:
either would end the other's renderers, as without heartbeats, and be given what only the other can do.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from redis.exceptions import RedisError

from featurelens.launcher.broker import client
from featurelens.launcher.claim import Refused

EXPIRY = 60
"""Seconds after which an id that nobody renews is free."""

_KEY = "featurelens:worker:"
"""Before an id: the machine, as it was booted, and the state folder of its worker."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")

_CLAIM = """
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return held end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
"""

_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class WorkerClaim:
    """The id `worker` at the broker `url`, for the launcher that has locked the folder `state`."""

    def __init__(self, url: str, worker: str, state: Path) -> None:
        self._url = url
        self._key = _KEY + worker
        self._state = state
        self._holder = f"{_boot()} {state} on {socket.gethostname()}"

    async def take(self, say: Callable[[str], None], patience: float = EXPIRY + 5.0) -> None:
        """Returns when the id is ours: at once, or when another place that had it was left without a word.

        `say` is told that this is waited for. Raises `Refused` where that is in use for as long as `patience` seconds.
        """
        end, said = time.monotonic() + patience, False
        while True:
            try:
                await self.renew()
            except Refused as refused:
                if time.monotonic() > end:
                    raise
                if not said:
                    say(f"{refused}; waiting whether that one has ended")
                    said = True
            except (RedisError, OSError):
                end = time.monotonic() + patience
            else:
                return
            await asyncio.sleep(1)

    async def renew(self) -> None:
        """Takes or keeps it. Raises `Refused` when it is another's, `RedisError` when the broker is away."""
        async with client(self._url) as redis:
            other = await redis.eval(_CLAIM, 1, self._key, self._holder, str(EXPIRY))
        if other is not None:
            where = other.decode(errors="replace").partition(" ")[2]
            raise Refused(
                f"the state folder {self._state} is a copy of {where}, where a worker runs: remove worker.id and "
                "queue.id from this one; on several machines FEATURELENS_RESULTS names what they share"
            )

    async def release(self) -> None:
        """Frees it, if it is ours."""
        with suppress(RedisError, OSError):  # then it is free by itself, a little later
            async with client(self._url) as redis:
                await redis.eval(_RELEASE, 1, self._key, self._holder)


def _boot() -> str:
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return "-"
