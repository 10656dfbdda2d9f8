"""A sweep of which many pictures are in the making at once, in one slot: whoever dies in the middle."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from featurelens.jobs.kinds.base import SWEEP_QUEUE
from featurelens.launcher.claim import free_port
from tests.support.fault_injection import LOG, pids, ready
from tests.support.stack import Stack
from tests.support.stack_pictures import whole
from tests.support.wait import until

PLACES, PICTURES = 64, 96
SPEC: dict[str, Any] = {"model": "patternnet", "layer": "conv6", "size": 64, "steps": 16}
_SEEDS = itertools.count(50_000)


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """With that many places for pictures of sweeps."""
    folder = tmp_path_factory.mktemp("wide")
    with Stack(folder / "state", free_port(), FEATURELENS_SWEEP_SLOTS=str(PLACES)) as stack:
        yield stack


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
    """When each result was stored, by key."""
    return {one.parent.name: one.stat().st_mtime_ns for one in stack.state.glob("results/*/*/result.json")}


_VICTIMS: dict[str, Callable[[Stack], set[int]]] = {
    "slot": _sweep_slot,
    "renderer": lambda stack: pids(stack, "worker.renderer"),
    "valkey": lambda stack: pids(stack, "valkey"),
}


@pytest.mark.parametrize("victim", list(_VICTIMS))
def test_killed_in_the_middle(wide: Stack, victim: str) -> None:
    """Nothing is lost, and what was stored before is not made again."""
    sweep, urls = _asked(wide, PICTURES)

    def middle() -> bool:
        counts = wide.see(sweep)["counts"]
        assert counts["succeeded"] < PICTURES, "too fast"
        return bool(counts["succeeded"] >= 8 and counts["running"] >= 8)

    until(middle, 120, "the middle of the sweep")
    before = _stored(wide)
    killed = _VICTIMS[victim](wide)
    begun = time.monotonic()
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not killed & _VICTIMS[victim](wide), 20, "gone")
    until(lambda: ready(wide), 60, "ready again")
    whole(wide, urls)
    LOG.info("%s killed: all of %d made after %.1f s", victim, PICTURES, time.monotonic() - begun)
    after = _stored(wide)
    assert {key: after[key] for key in before} == before
    assert len(before) >= 8


def test_single_pictures_of_it_are_stopped(wide: Stack) -> None:
    """At once, and the rest is made."""
    _, urls = _asked(wide, PLACES, steps=80)
    until(lambda: sum(wide.see(url)["status"] == "running" for url in urls) == PLACES, 60, "all running")
    stopped = urls[::16]
    for url in stopped:
        assert wide.http.delete(url).status_code in {200, 202}
    until(lambda: {wide.see(url)["status"] for url in stopped} == {"cancelled"}, 5, "cancelled")
    whole(wide, [url for url in urls if url not in stopped])
