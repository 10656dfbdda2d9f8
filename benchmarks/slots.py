"""What slots take that do nothing, and how long they take to be there: this checkout and another one in turns.

    python -m benchmarks.slots [--against CHECKOUT] [--slots 8,24] [--rounds N] [--cold]

Each starts a whole Featurelens with that many slots and one for sweeps. Told are, of the slots with what forks them,
the memory (proportional, PSS; of their own, USS), the processor time until all were ready, which a busy machine changes
least, and the seconds until then and until `make run` said that it is ready; then, of slots killed one after the other,
the seconds until the next one took jobs. `--cold`: files of Python's packages are put out of the kernel's memory first,
as far as nobody else uses them.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy

from featurelens.jobs import process_stat
from featurelens.launcher.claim import free_port
from tests.support.fault_injection import pids
from tests.support.paths import ROOT
from tests.support.stack import Stack
from tests.support.wait import until

KILLED = 6
"""Slots killed one after the other."""

TICK = os.sysconf("SC_CLK_TCK")
FIGURES = ("PSS MB", "USS MB", "processor s", "slots ready s", "all ready s", "back s")


def measure(checkout: Path, slots: int) -> dict[str, float]:
    """One start of `checkout`."""
    with tempfile.TemporaryDirectory() as folder:
        state, begun = Path(folder) / "state", time.time()
        more = {"FEATURELENS_SLOTS": str(slots), "PYTHONPATH": str(checkout)}
        with Stack(state, free_port(), **more) as stack:
            log = state / "logs" / "slots.log"
            until(lambda: _ready(log) == slots + 1, 60, "slots")
            measured = _memory(_all(stack)) | {
                "processor s": sum(map(_processor_seconds, _all(stack))),
                "slots ready s": log.stat().st_mtime - begun,
                "all ready s": stack.seconds_to_ready,
            }
            return measured | {"back s": statistics.median(_back(stack, log) for _ in range(KILLED))}


def _all(stack: Stack) -> set[int]:
    return pids(stack, "worker.slot") | pids(stack, "worker.slot.fork_server")


def _ready(log: Path) -> int:
    return log.read_text().count('"event": "ready"')


def _memory(processes: Iterable[int]) -> dict[str, float]:
    """In MB of all together."""
    sums = dict.fromkeys(("Pss:", "Private_Clean:", "Private_Dirty:"), 0)
    for pid in processes:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
            name, kilobytes, *_ = line.split()
            if name in sums:
                sums[name] += int(kilobytes)
    pss, *private = sums.values()
    return {"PSS MB": pss / 1000, "USS MB": sum(private) / 1000}


def _processor_seconds(pid: int) -> float:
    """Since it was started, its children included."""
    fields = process_stat.fields(pid)
    return sum(map(int, fields[11:15])) / TICK


def _back(stack: Stack, log: Path) -> float:
    time.sleep(1)
    before, begun = _ready(log), time.monotonic()
    os.kill(min(pids(stack, "worker.slot")), signal.SIGKILL)
    until(lambda: _ready(log) > before, 60, "another slot", every=0.005)
    return time.monotonic() - begun


def _forget_files() -> None:
    """Has the kernel read them from the disk again."""
    os.sync()
    folder = Path(numpy.__file__).parent.parent
    for file in (*folder.rglob("*.py*"), *folder.rglob("*.so*"), *Path(os.__file__).parent.rglob("*.py*")):
        with file.open("rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.slots")
    parser.add_argument("--against", type=Path, help="another checkout of Featurelens")
    parser.add_argument("--slots", default="8,24")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cold", action="store_true")
    chosen = parser.parse_args()
    checkouts = [ROOT, *([chosen.against.absolute()] if chosen.against else [])]
    print("| slots | checkout |", " | ".join(FIGURES), "|")
    for slots in map(int, chosen.slots.split(",")):
        seen: dict[Path, list[dict[str, float]]] = {checkout: [] for checkout in checkouts}
        for _ in range(chosen.rounds):
            for checkout in checkouts:
                if chosen.cold:
                    _forget_files()
                seen[checkout].append(measure(checkout, slots))
        for checkout, all_rounds in seen.items():
            medians = (statistics.median(one[name] for one in all_rounds) for name in FIGURES)
            print(f"| {slots} + 1 | {checkout.name} |", " | ".join(f"{one:.2f}" for one in medians), "|", flush=True)


if __name__ == "__main__":
    main()
