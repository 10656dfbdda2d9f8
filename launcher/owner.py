"""Whose queue it is: workers of two state folders on one queue would each make half of what the other's service shows.

The owner is a state folder, known by an id in it, and owns the queue as long as its launcher renews that.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import cast
from uuid import uuid4

from featurelens.launcher.broker import client
from featurelens.launcher.claim import Refused

EXPIRY = 60
"""Seconds after which a queue that its owner does not renew is free."""

RENEWAL = 10.0
"""Seconds between two renewals."""

_KEY = "featurelens:owner"
_ID = "queue.id"

_CLAIM = """
local owner = redis.call('GET', KEYS[1])
if owner and string.sub(owner, 1, #ARGV[1]) ~= ARGV[1] then return owner end
redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2], 'EX', ARGV[3])
"""


class Owner:
    """The state folder, which exists, as owner of the queue at `url`."""

    def __init__(self, url: str, state: Path) -> None:
        self._url = url
        self._id = _identity(state)
        self._where = f" {state} on {socket.gethostname()}"

    async def claim(self) -> None:
        """Takes or renews the queue. Raises `Refused` when it is another's, `RedisError` when the broker is away."""
        async with client(self._url) as redis:
            other = await redis.eval(_CLAIM, 1, _KEY, self._id, self._where, str(EXPIRY))
        if other is not None:
            whose = other.decode(errors="replace").partition(" ")[2]
            raise Refused(
                f"the queue at REDIS_URL belongs to the worker with the state folder {whose}: use that folder, "
                f"or another database of the server (redis://.../1), or stop that worker and wait {EXPIRY} s"
            )

    async def release(self) -> None:
        """Frees the queue, if it is this owner's."""
        async with client(self._url) as redis:
            owner = cast("bytes | None", await redis.get(_KEY))
            if owner is not None and owner.startswith(self._id.encode()):
                await redis.delete(_KEY)


def _identity(state: Path) -> str:
    """The id in the folder, made if there is none."""
    try:
        file = os.open(state / _ID, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return (state / _ID).read_text().strip()
    with os.fdopen(file, "w") as made:
        id = uuid4().hex
        made.write(id)
    return id
