"""A sweep of which many pictures are in the making at once, in one slot: whoever dies in the middle."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from featurelens.jobs.kinds.base import SWEEP_QUEUE
from tests.support.fault_injection import LOG, SWEEP_PLACES, pids, ready
from tests.support.stack import Stack
from tests.support.stack_pictures import whole
from tests.support.wait import until

PICTURES = 96
SPEC: dict[str, Any] = {"model": "patternnet", "layer": "conv6", "size": 64, "steps": 16}
_SEEDS = itertools.count(50_000)


def _asked(stack: Stack, pictures: int, **more: Any) -> tuple[str, list[str]]:
    """The addresses of a sweep and of its pictures."""
    body = SPEC | more | {"channels": f"0-{pictures - 1}", "seeds": [next(_SEEDS)]}
    answer = stack.http.post("/v1/sweeps", json=body)
    assert answer.status_code == 202, answer.text
    items = stack.see(answer.json()["links"]["items"] + f"?limit={pictures}")["items"]
    return answer.headers["location"], [item["url"] for item in items]


def _sweep_slot(stack: Stack) -> set[int]:
    return {one.pid for one in stack.children("worker.slot") if one.command.endswith(SWEEP_QUEUE)}


def _stored(stack: Stack) -> dict[str, int]:
    """When each result was stored, by key; what is still being written lies aside."""
    return {
        one.parent.name: one.stat().st_mtime_ns for one in stack.state.glob("results/[0-9a-f][0-9a-f]/*/result.json")
    }


_VICTIMS: dict[str, Callable[[Stack], set[int]]] = {
    "slot": _sweep_slot,
    "renderer": lambda stack: pids(stack, "worker.renderer"),
    "valkey": lambda stack: pids(stack, "valkey"),
}


@pytest.mark.parametrize("victim", list(_VICTIMS))
def test_killed_in_the_middle(stack: Stack, victim: str) -> None:
    """Nothing is lost, and what was stored before is not made again."""
    sweep, urls = _asked(stack, PICTURES)

    def middle() -> bool:
        counts = stack.see(sweep)["counts"]
        assert counts["succeeded"] < PICTURES, "too fast"
        return bool(counts["succeeded"] >= 8 and counts["running"] >= 8)

    until(middle, 120, "the middle of the sweep")
    before = _stored(stack)
    killed = _VICTIMS[victim](stack)
    begun = time.monotonic()
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not killed & _VICTIMS[victim](stack), 20, "gone")
    until(lambda: ready(stack), 60, "ready again")
    whole(stack, urls)
    LOG.info("%s killed: all of %d made after %.1f s", victim, PICTURES, time.monotonic() - begun)
    after = _stored(stack)
    assert {key: after[key] for key in before} == before
    assert len(before) >= 8


def test_single_pictures_of_it_are_stopped(stack: Stack) -> None:
    """At once, and the rest is made."""
    _, urls = _asked(stack, SWEEP_PLACES, steps=80)
    until(lambda: sum(stack.see(url)["status"] == "running" for url in urls) == SWEEP_PLACES, 60, "all running")
    stopped = urls[::16]
    for url in stopped:
        assert stack.http.delete(url).status_code in {200, 202}
    until(lambda: {stack.see(url)["status"] for url in stopped} == {"cancelled"}, 5, "cancelled")
    whole(stack, [url for url in urls if url not in stopped])
