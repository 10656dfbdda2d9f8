"""Two renderers, a core each, beside one renderer on one core: ``python -m benchmarks.pinned [--rounds 3]``.

Both make the same pictures in turn; with ``--scan patterns``, or another data set, the same scans. Services, slots and
brokers run where the kernel likes; the processor time that they take is told beside that of the renderers, because two
cores have no more to give than two seconds a second.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from featurelens.jobs import process_stat
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


class Scanned(NamedTuple):
    """Seconds from the first batch to the last, and from asking to the end; the digest of the table.

    `busiest` is the processor time that the renderer took for reading which took most.
    """

    reading: float
    seconds: float
    busiest: float
    table: str


class Pinned:
    """A Featurelens whose renderers have a core each."""

    def __init__(self, stack: Stack, renderers: int) -> None:
        self.stack = stack
        until(lambda: len(stack.see("/v1/status")["renderers"]) == renderers, 180, "all renderers", every=0.5)
        cores = sorted(os.sched_getaffinity(0))
        self._renderers = sorted(pids(stack, "worker.renderer"))
        for number, pid in enumerate(self._renderers):
            core = cores[number % len(cores)]
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

    def scan(self, model: str, dataset: str, keep: int) -> Scanned:
        """One scan; each `keep` is another."""
        body = {"model": model, "dataset": dataset, "keep": keep}
        begun = time.monotonic()
        url = self.stack.http.post("/v1/scans", json=body).raise_for_status().headers["location"]
        first = until(lambda: self._stepped(url, 1), 900, "the first batch", every=0.05)
        before = [_seconds(pid) for pid in self._renderers]
        read = until(lambda: self._stepped(url, None), 3600, "all images", every=0.05)
        took = [_seconds(pid) - begun for pid, begun in zip(self._renderers, before, strict=True)]
        said = self.stack.finished(url, 3600)
        table = self.stack.http.get(said["links"]["table"]).content
        return Scanned(read - first, time.monotonic() - begun, max(took), hashlib.sha256(table).hexdigest())

    def _stepped(self, url: str, images: int | None) -> float | None:
        """The time, when so many images, or all, have been read."""
        said = self.stack.see(url)
        progress = said.get("progress") or {}
        over = said["status"] == "succeeded" or progress.get("stage") == "tabulating"
        return time.monotonic() if over or (images is not None and progress.get("step", 0) >= images) else None

    def _processor(self) -> tuple[float, float]:
        """Seconds that the renderers, and all others, have had."""
        renderers = pids(self.stack, "worker.renderer")
        everyone = {one.pid for one in processes(self.stack.state)} | pids(self.stack, "valkey")
        return sum(map(_seconds, renderers)), sum(map(_seconds, everyone - renderers))


def _seconds(pid: int) -> float:
    """Of the processor, children that have ended included."""
    try:
        fields = process_stat.fields(pid)
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.pinned")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--steps", type=int, default=64)
    parser.add_argument("--scan", metavar="SET", help="a data set in FEATURELENS_DATASETS, or patterns")
    parser.add_argument("--model", default="patternnet")
    parser.add_argument("--renderers", type=int, nargs="+", default=[1, 2], help="of each fleet; the first is compared")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pinned") as folder, ExitStack() as held:
        fleets = {}
        for renderers in asked.renderers:
            settings = {
                "FEATURELENS_RENDERERS": str(renderers),
                "FEATURELENS_SLOTS": "1",
                "FEATURELENS_SWEEP_SLOTS": str(SWEEP_PICTURES["cpu"]) if asked.scan is None else "1",
                "OMP_NUM_THREADS": "1",
            }
            stack = held.enter_context(Stack(Path(folder) / str(renderers), free_port(), **settings))
            fleets[renderers] = Pinned(stack, renderers)
        if asked.scan is None:
            pictures(fleets, asked)
        else:
            scans(fleets, asked)


def in_turn(fleets: dict[int, Pinned], number: int) -> list[int]:
    """Every second round begins with the last."""
    return list(fleets) if number % 2 == 0 else list(reversed(fleets))


def pictures(fleets: dict[int, Pinned], asked: argparse.Namespace) -> None:
    """Prints what sweeps of four layers take."""
    seen: dict[int, list[Round]] = {renderers: [] for renderers in fleets}
    for fleet in fleets.values():
        fleet.round(asked.size, 2, 0)
    for number in range(asked.rounds):
        for renderers in in_turn(fleets, number):
            seen[renderers].append(fleets[renderers].round(asked.size, asked.steps, number + 1))
            print(f"  {renderers}: {seen[renderers][-1]}", flush=True)
    print("\n| renderers | all made after | of the processor: renderers | everything else |\n|---|---|---|---|")
    for renderers, rounds in seen.items():
        columns = [f"{statistics.median(column):.1f} s" for column in zip(*rounds, strict=True)]
        print(f"| {renderers} | {' | '.join(columns)} |")
    compared({renderers: [one.seconds for one in rounds] for renderers, rounds in seen.items()})


def scans(fleets: dict[int, Pinned], asked: argparse.Namespace) -> None:
    """Prints what a scan takes, and whether all fleets have found the same."""
    seen: dict[int, list[Scanned]] = {renderers: [] for renderers in fleets}
    for fleet in fleets.values():
        until(lambda: fleet.stack.http.get(f"/v1/datasets/{asked.scan}").status_code == 200, 60)  # noqa: B023
        fleet.scan(asked.model, asked.scan, 1)
    for number in range(asked.rounds):
        for renderers in in_turn(fleets, number):
            seen[renderers].append(fleets[renderers].scan(asked.model, asked.scan, 2 + number))
            print(f"  {renderers}: {seen[renderers][-1]}", flush=True)
        assert len({rounds[-1].table for rounds in seen.values()}) == 1, "other bits"
    print("\n| renderers | images read after | all done after | processor of the busiest |\n|---|---|---|---|")
    for renderers, rounds in seen.items():
        columns = [statistics.median(column) for column in zip(*(one[:3] for one in rounds), strict=True)]
        print(f"| {renderers} | {' | '.join(f'{column:.1f} s' for column in columns)} |")
    compared({renderers: [one.reading for one in rounds] for renderers, rounds in seen.items()})
    print("\nby the processor time of the busiest, which the load of other work falsifies least:")
    compared({renderers: [one.busiest for one in rounds] for renderers, rounds in seen.items()})


def compared(seen: dict[int, list[float]]) -> None:
    """Prints how many times as fast as the first each fleet was, round by round."""
    first, *others = seen
    for renderers in others:
        ratios = [one / more for one, more in zip(seen[first], seen[renderers], strict=True)]
        told = f"{statistics.median(ratios):.2f} times as fast ({', '.join(f'{r:.2f}' for r in ratios)})"
        print(f"\n{renderers} beside {first}: {told}")


if __name__ == "__main__":
    main()
