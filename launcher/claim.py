"""What is claimed before anything starts: the state folder and the port."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from pathlib import Path
from typing import IO, Self


class Refused(Exception):
    """It is in use or cannot be used. The message is one line for the operator."""


class StateGone(Exception):
    """The state folder has been removed or replaced while it was claimed."""


class Claim:
    """The state folder locked for one launcher, until `close` is called or the process ends. A context manager."""

    def __init__(self, path: Path, lock: IO[str]) -> None:
        self._path = path
        self._lock = lock

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._lock.close()

    def check(self) -> None:
        """Raises `StateGone` when the lock is not in the folder any more."""
        try:
            there = os.path.samestat(self._path.stat(), os.fstat(self._lock.fileno()))
        except OSError:
            there = False
        if not there:
            raise StateGone(f"the state folder {self._path.parent} has been removed or replaced; starting anew in it")


def claim_state(folder: Path, name: str) -> Claim:
    """Locks the state folder for one launcher.

    Raises `Refused` when another launcher of this name holds it or the folder cannot be written.
    """
    path = folder / f"{name}.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = path.open("a+")
    except OSError as error:
        raise Refused(f"the state folder {folder} cannot be used: {error.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise Refused(f"already running with the state folder {folder} (process {holder})") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return Claim(path, lock)


def check_port(host: str, port: int) -> None:
    """Raises `Refused` when the service could not listen there. The port is free again on return."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server itself does
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Refused(f"port {port} on {host} is taken; set PORT to a free one") from None
        raise Refused(f"cannot listen on {host} port {port}: {error.strerror}") from None


def free_port() -> int:
    """A loopback port that is free at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
