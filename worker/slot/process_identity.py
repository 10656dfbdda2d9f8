"""Which process of this machine is meant: an id alone may be another one's by now."""

from __future__ import annotations

import os
import signal
import time

from featurelens.jobs import process_stat

_GONE_WITHIN = 1.0
"""Seconds for a killed process to vanish; its children then have been killed, too, if they die with it."""


def identity(pid: int) -> str:
    """``PID:START``, START in ticks since the machine was booted; without it where only Linux tells."""
    try:
        return f"{pid}:{process_stat.fields(pid)[19]}"
    except OSError:
        return f"{pid}:"


def pid_of(process: str) -> int:
    return int(process.partition(":")[0])


def alive(process: str) -> bool:
    """Whether the process with this identity runs, or stands still; a zombie does not."""
    pid = pid_of(process)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is there, and another user's
    return identity(pid) == process and not _zombie(pid)


def kill(process: str) -> None:
    """Kills it with SIGKILL, if it is still there and ours, and waits for its end."""
    try:
        if not alive(process):
            return
        os.kill(pid_of(process), signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
    end = time.monotonic() + _GONE_WITHIN
    while alive(process) and time.monotonic() < end:
        time.sleep(0.01)


def _zombie(pid: int) -> bool:
    """Whether it has ended but its parent has not waited for it."""
    try:
        return process_stat.fields(pid)[0] == "Z"
    except OSError:
        return False
