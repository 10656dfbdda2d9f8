"""The parts of a running Featurelens: hurt, and waited for until they are replaced."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import httpx

from featurelens.jobs import process_stat
from tests.support.processes import children
from tests.support.stack import Stack
from tests.support.wait import until

FULL = os.environ.get("FEATURELENS_FAULTS") == "full"
"""Asks for the large counts and the long pauses."""

SWEEP_PLACES = 64
"""Pictures of sweeps at once."""

LOG = logging.getLogger(__name__)
"""Figures: --log-cli-level=INFO shows them."""

DETECTED_WITHIN = 60.0
"""Seconds, at most, until a part that has died or hangs is replaced."""


def pids(stack: Stack, part: str) -> set[int]:
    """The processes of one part."""
    return brokers(stack) if part == "valkey" else {process.pid for process in stack.children(part)}


def brokers(stack: Stack) -> set[int]:
    """The launcher's Valkey; it writes its title over its environment, so that it is not among the stack's children."""
    commands = {pid: Path(f"/proc/{pid}/cmdline") for pid in children(stack.launcher.pid)}
    return {pid for pid, command in commands.items() if command.exists() and b"valkey-server" in command.read_bytes()}


def horses(stack: Stack) -> set[int]:
    """The processes in which slots execute what they have taken."""
    return {horse for slot in stack.children("worker.slot") for horse in children(slot.pid)}


def send(number: signal.Signals, processes: Iterable[int]) -> None:
    for pid in processes:
        os.kill(pid, number)


def freeze(processes: Iterable[int]) -> None:
    """Stops them, and waits until they stand still: what the kernel is doing for one is done first."""
    processes = list(processes)
    send(signal.SIGSTOP, processes)
    until(lambda: all(_state(pid) in "TZ" for pid in processes), 20, "standing still", every=0.001)


def _state(pid: int) -> str:
    """A letter of proc(5); Z, as of one that only waits to be buried, for one that is gone."""
    try:
        return process_stat.fields(pid)[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def replaced(stack: Stack, part: str, before: set[int], begun: float) -> float:
    """Waits until other processes play the part and everything is ready; the seconds since `begun`."""

    def others() -> bool:
        now = pids(stack, part)
        return len(now) == len(before) and not now & before

    until(others, begun + DETECTED_WITHIN - time.monotonic(), f"{part} replaced")
    until(lambda: ready(stack), begun + DETECTED_WITHIN - time.monotonic(), f"ready again after {part}")
    return time.monotonic() - begun


def ready(stack: Stack) -> bool:
    """False, too, while there is no service."""
    try:
        return stack.http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False
