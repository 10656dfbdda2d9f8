"""What is asked for here, and the parts of a running Featurelens that can be hurt."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from tests.support.machine_room import children
from tests.support.stack import Stack, eventually

LOG = logging.getLogger(__name__)
"""Figures: --log-cli-level=INFO shows them."""

DETECTED_WITHIN = 60.0
"""Seconds, at most, until a part that has died or hangs is replaced."""

LONG: dict[str, Any] = {"model": "patternnet", "layer": "logits", "channel": 1, "steps": 200, "size": 96}
SHORT: dict[str, Any] = LONG | {"steps": 4, "size": 64}


def accept(stack: Stack, **spec: Any) -> str:
    """The address of a picture that has to be made."""
    answer = stack.post(**spec)
    assert answer.status_code == 202, answer.text
    return str(answer.headers["location"])


def cached(stack: Stack) -> str:
    """The address of the image of a finished picture."""
    url = stack.post(**SHORT).headers["location"]
    stack.finished(url)
    return f"{url}/image"


def whole(stack: Stack, urls: Iterable[str]) -> None:
    """Waits until all have succeeded and looks at every pixel."""
    for url in urls:
        (said,) = stack.finished(url)["images"]
        content = stack.http.get(f"{url}/image").content
        assert hashlib.sha256(content).hexdigest() == said["sha256"]
        Image.open(io.BytesIO(content)).load()


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


def replaced(stack: Stack, part: str, before: set[int], begun: float) -> float:
    """Waits until other processes play the part and everything is ready; the seconds since `begun`."""

    def others() -> bool:
        now = pids(stack, part)
        return len(now) == len(before) and not now & before

    eventually(others, begun + DETECTED_WITHIN - time.monotonic(), f"{part} replaced")
    eventually(lambda: ready(stack), begun + DETECTED_WITHIN - time.monotonic(), f"ready again after {part}")
    return time.monotonic() - begun


def ready(stack: Stack) -> bool:
    """False, too, while there is no service."""
    try:
        return stack.http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def rss(pid: int) -> int:
    """The memory of a process in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024
