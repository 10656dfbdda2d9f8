"""Two renderers, a core each, beside one renderer on one core: ``python -m benchmarks.pinned [--rounds 3]``.

Both make the same pictures in turn. Services, slots and brokers run where the kernel likes; the processor time that
they take is told beside that of the renderers, because two cores have no more to give than two seconds a second.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from featurelens.launcher.claim import free_port
from featurelens.worker.renderer.lanes import SWEEP_PICTURES
from tests.support.fault_injection import pids
from tests.support.processes import processes
from tests.support.stack import Stack
from tests.support.wait import until

LAYERS = ("conv3", "conv4", "conv5", "conv6")
SWEEP: dict[str, Any] = {"model": "patternnet", "channels": "0-31"}


class Round(NamedTuple):
    """Seconds: until all were made; of the processor, for renderers and for everything else."""

    seconds: float
    rendering: float
    rest: float


class Pinned:
    """A Featurelens whose renderers have a core each."""

    def __init__(self, stack: Stack, renderers: int) -> None:
        self.stack = stack
        until(lambda: len(stack.see("/v1/status")["renderers"]) == renderers, 180, "all renderers", every=0.5)
        for core, pid in enumerate(sorted(pids(stack, "worker.renderer"))):
            for thread in Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {core})

    def round(self, size: int, steps: int, seed: int) -> Round:
        """Asks for all layers at once and waits until everything is made."""
        rendering, rest = self._processor()
        begun = time.monotonic()
        urls = []
        for layer in LAYERS:
            body = {**SWEEP, "layer": layer, "size": size, "steps": steps, "seeds": [seed]}
            urls.append(self.stack.http.post("/v1/sweeps", json=body).raise_for_status().headers["location"])

        def made() -> bool:
            return all(self.stack.see(url)["counts"]["succeeded"] == self.stack.see(url)["total"] for url in urls)

        until(made, 900, "all pictures", every=0.1)
        seconds, after = time.monotonic() - begun, self._processor()
        return Round(seconds, after[0] - rendering, after[1] - rest)

    def _processor(self) -> tuple[float, float]:
        """Seconds that the renderers, and all others, have had."""
        renderers = pids(self.stack, "worker.renderer")
        everyone = {one.pid for one in processes(self.stack.state)} | pids(self.stack, "valkey")
        return sum(map(_seconds, renderers)), sum(map(_seconds, everyone - renderers))


def _seconds(pid: int) -> float:
    """Of the processor, children that have ended included."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.pinned")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--steps", type=int, default=64)
    asked = parser.parse_args()
    seen: dict[int, list[Round]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory(prefix="pinned") as folder, ExitStack() as held:
        fleets = {}
        for renderers in seen:
            settings = {
                "FEATURELENS_RENDERERS": str(renderers),
                "FEATURELENS_SLOTS": "1",
                "FEATURELENS_SWEEP_SLOTS": str(SWEEP_PICTURES["cpu"]),
                "OMP_NUM_THREADS": "1",
            }
            stack = held.enter_context(Stack(Path(folder) / str(renderers), free_port(), **settings))
            fleets[renderers] = Pinned(stack, renderers)
            fleets[renderers].round(asked.size, 2, 0)
        for number in range(asked.rounds):
            for renderers in (1, 2) if number % 2 == 0 else (2, 1):
                seen[renderers].append(fleets[renderers].round(asked.size, asked.steps, number + 1))
                print(f"  {renderers}: {seen[renderers][-1]}", flush=True)
    print("\n| renderers | all made after | of the processor: renderers | everything else |\n|---|---|---|---|")
    for renderers, rounds in seen.items():
        columns = [f"{statistics.median(column):.1f} s" for column in zip(*rounds, strict=True)]
        print(f"| {renderers} | {' | '.join(columns)} |")
    ratios = [one.seconds / two.seconds for one, two in zip(seen[1], seen[2], strict=True)]
    print(f"\ntwo beside one: {statistics.median(ratios):.2f} times as fast ({', '.join(f'{r:.2f}' for r in ratios)})")


if __name__ == "__main__":
    main()
