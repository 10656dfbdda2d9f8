"""Deaths that are nobody's fault: a process that was asked to end, or killed from outside.

Whoever waited for the process knows how it ended (`from_outside`): the launcher for renderer and slots, a slot for its
work horse. What the launcher knows it tells in Redis (`announcement`), because slots have to judge whether a picture
was the cause (`nobodys_fault`).
"""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path
from typing import cast

from redis import Redis

from featurelens.jobs import process_stat

KNOWN_FOR = 3600
"""Seconds an announcement is kept."""

SEEN_WITHIN, HEARD_WITHIN = 2.0, 20.0
"""Seconds until a process that has hung up is gone, and until the launcher has told how, on a busy machine."""

INNOCENT, GUILTY = b"1", b"0"
"""What is told of a death: by nobody's fault, or perhaps by what the process was doing."""

NO_SOCKET = os.EX_CANTCREAT
"""Exit status of a renderer that cannot listen."""

OUTGROWN = 74
"""Exit status of a renderer that has grown and leaves its jobs to a fresh one: it has no room for one, which has been
told, or computes no more."""

REFUSALS = 2
"""So often a job may be told that by a renderer before it costs an execution: a fresh one may have grown again."""

STRUCK = 72
"""Exit status of a process that another one has sent the signal of a crash (`worker.crash_signals`)."""

_SENT = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
_ASKED = frozenset({0, NO_SOCKET, OUTGROWN, STRUCK, *(-number for number in _SENT)})


def oom_kills() -> int | None:
    """How many processes the kernel has killed because memory ran out; None where it does not tell."""
    try:
        counters = Path("/proc/vmstat").read_text().split()
    except OSError:
        return None
    return int(counters[counters.index("oom_kill") + 1]) if "oom_kill" in counters else None


def from_outside(status: int, oom_before: int | None) -> bool:
    """Whether a process with this exit status (negative: the signal) did not end because of what it was doing.

    SIGKILL comes from outside, unless memory has run out since `oom_before` was read, or the kernel does not say.
    """
    if status == -signal.SIGKILL:
        return oom_before is not None and oom_kills() == oom_before
    return status in _ASKED


def announcement(pid: int) -> str:
    """The Redis key that tells, for `KNOWN_FOR`, by whose fault this process of this machine has died."""
    return f"featurelens:nobodys-fault:{socket.gethostname()}:{pid}"


def nobodys_fault(redis: Redis, pid: int, patience: float = HEARD_WITHIN) -> bool:
    """Whether that has been told, waited for for `patience` seconds; what nobody tells is not, nor what did not die."""
    begun = time.monotonic()
    while (told := cast("bytes | None", redis.get(announcement(pid)))) is None:
        waited = time.monotonic() - begun
        if waited > patience or (waited > SEEN_WITHIN and _runs(pid)):
            return False
        time.sleep(0.05)
    return told == INNOCENT


def _runs(pid: int) -> bool:
    """Whether there is such a process here that has not ended; where only Linux tells, none."""
    try:
        return process_stat.fields(pid)[0] != "Z"
    except OSError:
        return False


def forgiven(redis: Redis, attempt: str) -> bool:
    """Whether it is nobody's fault, this time, that a renderer which had grown had no room for the attempt."""
    told = f"featurelens:refusals:{attempt}"
    with redis.pipeline(transaction=True) as pipe:
        pipe.incr(told)
        pipe.expire(told, KNOWN_FOR)
        return int(pipe.execute()[0]) <= REFUSALS
