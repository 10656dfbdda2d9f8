"""What `benchmarks.chaos` does to a Featurelens: kills, standstills, refusals, what vanishes, clocks that are set."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from redis import RedisError

from featurelens.launcher.claim import free_port
from tests.support.fault_injection import horses, pids, send
from tests.support.stack import Stack
from tests.support.wall_clock import WallClock

PARTS: dict[str, Callable[[Stack], set[int]]] = {
    "service": lambda stack: pids(stack, "service"),
    "renderer": lambda stack: pids(stack, "worker.renderer"),
    "cataloguer": lambda stack: pids(stack, "worker.cataloguer"),
    "slots": lambda stack: pids(stack, "worker.slot"),
    "fork server": lambda stack: pids(stack, "worker.slot.fork_server"),
    "work horses": horses,
    "Valkey": lambda stack: pids(stack, "valkey"),
    "launcher": lambda stack: {stack.launcher.pid},
}
STOPS = [1.0, 3.0, 8.0, 12.0, 26.0]
"""Seconds of a standstill; a slot's registration expires after 20."""
REFUSALS = [2.0, 6.0, 12.0]
JUMPS = [0, 2 * 3600, -2 * 3600, 8 * 24 * 3600]


@dataclass(frozen=True)
class Mishap:
    """`happen` returns when it is over; what it has caused may last longer."""

    kind: str
    happen: Callable[[], None]


def draw(stack: Stack, clock: WallClock | None, chance: random.Random) -> Mishap:
    """The next one."""
    kinds = ["kill"] * 5 + ["stop"] * 3 + ["stop all", "refuse", "socket"] + (["clock"] if clock else [])
    match chance.choice(kinds):
        case "kill":
            name = chance.choice([name for name in PARTS if name != "launcher"])
            return Mishap(f"kill {name}", lambda: _kill(PARTS[name](stack), chance))
        case "stop":
            name = chance.choice(list(PARTS))
            return Mishap(f"stop {name}", lambda: _stop(PARTS[name](stack), chance.choice(STOPS)))
        case "stop all":
            everything = [part(stack) for part in PARTS.values()]
            return Mishap("stop all", lambda: _stop(set().union(*everything), chance.choice(STOPS)))
        case "refuse":
            how = chance.choice(["memory", "replica"])
            return Mishap(f"Valkey refuses: {how}", lambda: _refuse(stack, how, chance.choice(REFUSALS)))
        case "socket":
            return Mishap("rm renderer.sock", lambda: (stack.state / "renderer.sock").unlink(missing_ok=True))
        case _:
            assert clock is not None
            return Mishap("set the clock", lambda: clock.shift(chance.choice(JUMPS)))


def _kill(processes: set[int], chance: random.Random) -> None:
    """All of them, or one."""
    some = processes if chance.random() < 0.3 else set(list(processes)[:1])
    with suppress(ProcessLookupError):
        send(signal.SIGKILL, some)


def _stop(processes: set[int], seconds: float) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):
            send(signal.SIGSTOP, [pid])
    time.sleep(seconds)
    for pid in processes:
        with suppress(ProcessLookupError):
            send(signal.SIGCONT, [pid])


def _refuse(stack: Stack, how: str, seconds: float) -> None:
    with suppress(RedisError, StopIteration):
        with stack.redis() as redis:
            if how == "memory":
                redis.config_set("maxmemory", "1mb")
            else:
                redis.replicaof("127.0.0.1", free_port())
        time.sleep(seconds)
    while True:
        try:
            with stack.redis() as redis:
                redis.config_set("maxmemory", "0")
                redis.replicaof("NO", "ONE")
            return
        except (RedisError, StopIteration):
            time.sleep(0.5)
