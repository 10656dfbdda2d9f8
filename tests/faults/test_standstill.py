"""Parts stand still and go on, clocks jump: what was accepted is made, and nobody is told an end that is none."""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from featurelens.launcher.claim import free_port
from tests.support.fault_injection import FULL, LOG, horses, pids, ready, send
from tests.support.stack import Stack
from tests.support.stack_pictures import LONG, accept
from tests.support.wait import until
from tests.support.wall_clock import WallClock
from tests.support.witness import Witness, all_made

HOUR, DAY = 3600, 24 * 3600
SPEC = LONG | ({"layer": "conv6", "size": 128, "steps": 400} if FULL else {"steps": 100})
PICTURES = 10 if FULL else 2
WITHIN = 1800 if FULL else 120

SECONDS = [15, 25, 60, 300] if FULL else [22]
"""A slot's registration expires after 20, the renderer's heartbeat after 30."""

PARTS: dict[str, Callable[[Stack], set[int]]] = {
    "valkey": lambda stack: pids(stack, "valkey"),
    "slots": lambda stack: pids(stack, "worker.slot"),
    "fork server": lambda stack: pids(stack, "worker.slot.fork_server"),
    "horses": horses,
    "renderer": lambda stack: pids(stack, "worker.renderer"),
    "service": lambda stack: pids(stack, "service"),
    "launcher": lambda stack: {stack.launcher.pid},
    "slots and horses": lambda stack: pids(stack, "worker.slot") | horses(stack),
    "all": lambda stack: set().union(*(part(stack) for name, part in PARTS.items() if name != "all")),
}
TOGETHER = list(PARTS) if FULL else ["all"]

_SEEDS = itertools.count(60_000)


def asked(stack: Stack) -> Witness:
    """Pictures that have been accepted, the first of them under way."""
    urls = [accept(stack, **SPEC, seed=next(_SEEDS)) for _ in range(PICTURES)]
    witness = Witness(stack.http)
    witness.accepted(urls)
    stack.running(urls[0])
    return witness


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("part", TOGETHER)
def test_stands_still(stack: Stack, part: str, seconds: int) -> None:
    """What is replaced meanwhile, because it was noticed, does not come back."""
    witness, begun = asked(stack), time.monotonic()
    stopped = PARTS[part](stack)
    send(signal.SIGSTOP, stopped)
    time.sleep(seconds)
    for pid in stopped:
        with suppress(ProcessLookupError):
            send(signal.SIGCONT, [pid])
    all_made(witness, WITHIN)
    LOG.info("%s stood still for %d s: %d made after %.1f s", part, seconds, PICTURES, time.monotonic() - begun)


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> WallClock:
    """Needs a C compiler."""
    if not WallClock.available():
        pytest.skip("there is no C compiler to make a clock with")
    return WallClock(tmp_path_factory.mktemp("clock"))


def test_the_clock_jumps(clock: WallClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all processes at once, in the middle of pictures, there and back."""
    for name, value in clock.environment.items():
        monkeypatch.setenv(name, value)
    with Stack(tmp_path / "state", free_port()) as stack:
        for jump in (2 * HOUR, -2 * HOUR, 8 * DAY):
            # To Valkey the last heartbeat is hours old until the next one comes.
            until(lambda: ready(stack), 20, "ready")
            witness, begun = asked(stack), time.monotonic()
            clock.shift(jump)
            all_made(witness, WITHIN)
            LOG.info("the clock at %+d h: %d made after %.1f s", jump / HOUR, PICTURES, time.monotonic() - begun)
    clock.shift(0)
