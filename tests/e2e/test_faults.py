"""Parts are killed while they work; nothing that was accepted is lost."""

from __future__ import annotations

import os
import signal
from typing import Any

import httpx

from tests.e2e.stack import Stack, eventually

LONG: dict[str, Any] = {"model": "patternnet", "layer": "logits", "channel": 1, "steps": 200, "size": 96}


def test_a_killed_slot_loses_nothing(stack: Stack) -> None:
    """The picture is made again, and the slot with it."""
    url = stack.post(**LONG, seed=101).headers["location"]
    stack.running(url)
    (slot,) = stack.working_slots()
    os.kill(slot.pid, signal.SIGKILL)
    stack.finished(url, within=60)
    eventually(lambda: len(stack.children("worker.slot")) == 2, 10, "two slots again")


def test_a_killed_renderer_loses_nothing(stack: Stack) -> None:
    """Every picture in it is made again by the next renderer."""
    urls = [stack.post(**LONG, seed=seed).headers["location"] for seed in (201, 202)]
    for url in urls:
        stack.running(url)
    (renderer,) = stack.children("worker.renderer")
    os.kill(renderer.pid, signal.SIGKILL)
    for url in urls:
        stack.finished(url)
    (successor,) = stack.children("worker.renderer")
    assert successor.pid != renderer.pid


def test_a_killed_service_comes_back(stack: Stack) -> None:
    """Pictures go on without it."""
    url = stack.post(**LONG, seed=301).headers["location"]
    (service,) = stack.children("service")
    os.kill(service.pid, signal.SIGKILL)
    eventually(lambda: [p for p in stack.children("service") if p.pid != service.pid], 10, "another service")
    eventually(lambda: _live(stack), 20, "the service answers again")
    stack.finished(url)


def _live(stack: Stack) -> bool:
    try:
        return stack.http.get("/livez").status_code == 200
    except httpx.TransportError:
        return False
