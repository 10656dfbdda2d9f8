"""The processes of children: started by the launcher, or forked for it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from typing import IO, Protocol

from featurelens.jobs.death_signal import die_with_parent
from featurelens.launcher.role import Role


class Process(Protocol):
    """What a child needs of `subprocess.Popen`."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None:
        """The exit status, negative the signal; None while it runs."""

    def wait(self) -> int:
        """The same, waited for."""

    def terminate(self) -> None:
        """Sends SIGTERM."""


class Forked:
    """A child of this process that another one has forked."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self._wait(os.WNOHANG)

    def wait(self) -> int:
        status = self._wait(0)
        assert status is not None
        return status

    def terminate(self) -> None:
        if self.poll() is None:  # else the id may be another's
            os.kill(self.pid, signal.SIGTERM)

    def _wait(self, options: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


def spawn(role: Role, environment: Mapping[str, str], output: IO[bytes] | None) -> subprocess.Popen[bytes]:
    """Starts a process of its own, with a process group of its own, that ends with this one. Raises OSError."""
    launcher = os.getpid()
    with ExitStack() as held:
        given = held.enter_context(role.stdin()).fileno() if role.stdin else subprocess.DEVNULL
        return subprocess.Popen(
            role.command,
            env={**environment, **role.environment},
            stdin=given,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            process_group=0,
            preexec_fn=lambda: die_with_parent(launcher, role.orphaned),
        )
