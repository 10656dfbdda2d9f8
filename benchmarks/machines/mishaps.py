"""What happens to two machines: processes are killed, the broker stands still, a cable is pulled."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from benchmarks.machines.hub import Hub
from benchmarks.machines.machine import MODULES, Machine
from benchmarks.mishaps import Mishap
from tests.support.fault_injection import send

PAUSE, CUT = 20.0, 30.0
AWAY = (1.0, 45.0)
"""Seconds, at least and at most, until a worker that was killed is started again."""


def mishaps(machines: Sequence[Machine], hub: Hub, chance: random.Random) -> Iterator[Mishap]:
    """One after the other, each once in every round, in another order."""
    while True:
        kinds: list[Callable[[Machine], Mishap]] = [
            lambda one: Mishap("kill a renderer", lambda: _kill(one, "worker.renderer")),
            lambda one: Mishap("kill a service", lambda: _kill(one, "service")),
            lambda one: Mishap("kill the slots", lambda: _kill(one, "worker.slot")),
            lambda one: Mishap("kill a worker", lambda: _kill_worker(one, chance.uniform(*AWAY))),
            lambda one: Mishap(f"pause the broker for {PAUSE:g} s", lambda: hub.pause_broker(PAUSE)),
            lambda one: Mishap(f"cut a machine off for {CUT:g} s", lambda: one.place.cut(CUT)),
        ]
        chance.shuffle(kinds)
        for kind in kinds:
            yield kind(chance.choice(machines))


def whole(machines: Sequence[Machine]) -> bool:
    """Whether every process is there, renderers listen, and each service is ready and sees those of all machines."""
    return all(
        set(MODULES) <= {module for module, count in one.counts().items() if count}
        and one.listens()
        and one.ready()
        and one.renderers() == len(machines)
        for one in machines
    )


def _kill(machine: Machine, module: str) -> None:
    with suppress(ProcessLookupError):
        send(signal.SIGKILL, machine.pids(module))


def _kill_worker(machine: Machine, away: float) -> None:
    machine.kill_worker()
    time.sleep(away)
    machine.start("worker")
