"""The renderer's unix socket, made again when it has vanished from its folder."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from featurelens.jobs.logs import logger
from featurelens.jobs.unix_address import unix_address

BACKLOG = 256

LOOK_EVERY = 2.0
"""Seconds between two looks whether the socket is still where slots look for it."""


class NoSocket(OSError):
    """The socket cannot be made; the message is one line for the operator."""


class Listener:
    """Listens at `path`. Raises `NoSocket` when that is impossible."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.socket = self._bound()
        self._due = time.monotonic() + LOOK_EVERY

    def renewed(self) -> bool:
        """Looks, if it is time to; True: `socket` is another one now, the former is closed. Raises `NoSocket`."""
        if time.monotonic() < self._due:
            return False
        self._due = time.monotonic() + LOOK_EVERY
        if self._there():
            return False
        logger().warning("the socket has vanished; made again", path=str(self._path))
        former, self.socket = self.socket, self._bound()
        former.close()
        return True

    def _there(self) -> bool:
        try:
            return os.path.samestat(self._path.lstat(), self._made)
        except OSError:
            return False

    def _bound(self) -> socket.socket:
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.is_dir():
                raise NoSocket(f"there is a folder where the renderer's socket should be: {self._path}; remove it")
            self._path.unlink(missing_ok=True)
            with unix_address(self._path) as address:
                bound.bind(address)
            self._path.chmod(0o600)
            self._made = self._path.lstat()
            bound.listen(BACKLOG)
            bound.setblocking(False)
        except OSError as error:
            bound.close()
            if isinstance(error, NoSocket):
                raise
            raise NoSocket(f"the renderer's socket {self._path} cannot be made: {error.strerror or error}") from error
        return bound
