"""How one child of the launcher is started, checked and stopped."""

from __future__ import annotations

import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STRIKES = 3
"""Checks in a row that must find it hanging: after the broker was away or wiped, a heartbeat may be 5 s late."""

Ready = Callable[[int], Awaitable[bool]]
"""A check of the process with this id."""


@dataclass(frozen=True)
class Death:
    """The end of a process."""

    pid: int
    status: int
    """Negative: the signal that killed it."""
    hung: bool
    """The launcher killed it."""
    oom_kills: int | None
    """`jobs.queue.deaths.oom_kills` when it was started."""


Died = Callable[[Death], Awaitable[None]]


@dataclass(frozen=True)
class Role:
    """How one child is started, checked and stopped."""

    name: str
    command: Sequence[str]
    ready: Ready
    """Whether it does its work yet."""
    log: Path | None = None
    """The file its output is appended to; None: the launcher's own output."""
    patience: float = 10.0
    """Seconds between SIGTERM and SIGKILL."""
    hangs: Ready | None = None
    """Whether the process hangs; it is killed after `STRIKES` checks in a row have said so."""
    orphaned: signal.Signals = signal.SIGKILL
    """The signal it gets when the launcher itself is killed."""
    explain: Callable[[str], str] = lambda _: ""
    """What the operator can do about an end, given the end of its log; empty: nothing is known."""
    niceness: int = 0
    """Added to the launcher's niceness once it is ready."""
    died: Died | None = None
    """Is told of every end, at once."""
    prepare: Callable[[], None] | None = None
    """Is called before every start."""
    stdin: Callable[[], socket.socket] | None = None
    """What it reads from, made anew for every start and closed here afterwards; None: nothing."""
    strikes: int = STRIKES
    """Checks in a row after which a process hangs."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the launcher's."""
    vital: bool = True
    """Whether it is given up when it never gets ready; else it is tried for ever, as one is that was ready once."""
