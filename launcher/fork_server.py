"""The fork server of the slots, as the launcher sees it: `worker.slot.fork_server` has the other end of the socket.

What it forks is a child of the launcher, started, watched, told and ended like any other. Where the server is away,
hangs or cannot be started, a child is started as a process of its own: nothing depends on it but memory.
"""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress
from pathlib import Path
from typing import IO

from featurelens.jobs.kinds.base import QUEUES
from featurelens.launcher.children import python
from featurelens.launcher.process import Forked
from featurelens.launcher.readiness import silent
from featurelens.launcher.role import Role

HELLO = b"hello"
"""Asked, and answered, by one that is there."""

ANSWER_WITHIN = 10.0
"""Seconds after which one that says nothing hangs: a fork takes milliseconds."""

PATIENCE = 60.0
"""Seconds that a child waits for a server, which imports as much as it would itself."""

TRIES = 3
"""Servers that may end instead of answering."""

_LONGEST = 1 << 16


class ForkServer:
    """One process at a time, kept running by the launcher as `role`; output goes to `log`."""

    def __init__(self, log: Path | None) -> None:
        # The queues are for who reads `ps`, and leave room for the command lines of slots.
        command = python("featurelens.worker.slot.fork_server", *QUEUES)
        self.role = Role(
            "fork server",
            command,
            self._ready,
            log,
            hangs=silent(self._answers),
            strikes=1,
            stdin=self._connect,
            vital=False,
        )
        self._ours: socket.socket | None = None
        self._up = asyncio.Event()
        self._asking = asyncio.Lock()

    @property
    def busy(self) -> bool:
        """Whether it may have forked a child whose id has not been told yet."""
        return self._asking.locked()

    async def fork(self, role: Role, output: IO[bytes] | None) -> Forked:
        """A new child of this process. Raises TimeoutError without a server that answers, OSError when it cannot."""
        order = json.dumps({"command": role.command, "environment": dict(role.environment)}).encode()
        descriptors = [output.fileno()] if output else []
        for _ in range(TRIES):
            async with asyncio.timeout(PATIENCE):
                await self._up.wait()
            with suppress(ConnectionError):  # it has ended; another one is on its way
                answer = await self._ask(order, descriptors)
                if not answer.isdigit():
                    raise OSError(answer.decode(errors="replace"))
                return Forked(int(answer))
        raise TimeoutError

    def _connect(self) -> socket.socket:
        """Called before every start; the other end is the server's."""
        self._hang_up()
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.setblocking(False)
        return theirs

    async def _ready(self, _: int) -> bool:
        """It says so by itself."""
        try:
            if self._ours is not None and self._ours.recv(_LONGEST) == HELLO:
                self._up.set()
        except OSError:
            return False
        return self._up.is_set()

    async def _answers(self, _: int) -> bool:
        try:
            return await self._ask(HELLO) == HELLO
        except OSError:
            return False

    async def _ask(self, message: bytes, descriptors: list[int] | None = None) -> bytes:
        """The answer. Raises ConnectionError when it has ended, TimeoutError when it hangs; either hangs up.

        Whoever is cancelled hangs up, too: the answer would be taken for one to the next question.
        """
        async with self._asking:
            if self._ours is None:
                raise ConnectionResetError
            try:
                async with asyncio.timeout(ANSWER_WITHIN):
                    socket.send_fds(self._ours, [message], descriptors or [])
                    answer = await asyncio.get_running_loop().sock_recv(self._ours, _LONGEST)
                if not answer:
                    raise ConnectionResetError
            except BaseException:
                self._hang_up()
                raise
            return answer

    def _hang_up(self) -> None:
        """A server that is still there ends by itself; one that hangs does not answer any more, and is killed."""
        self._up.clear()
        if self._ours is not None:
            self._ours.close()
            self._ours = None
