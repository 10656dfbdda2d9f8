"""Mixed jobs under mishaps at random: what was accepted is made, whole, and nobody is told an end that is none.

    python -m benchmarks.chaos [--minutes 20] [--seed 1]

Starts a Featurelens of its own, asks for jobs and hurts it for that long, lets it come to rest and prints one table.
Exit status 1: something was lost, torn, or told wrongly.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import random
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from benchmarks.mishaps import Mishap, draw
from featurelens.jobs.unix_address import unix_address
from featurelens.launcher.claim import free_port
from tests.support.fault_injection import pids, ready
from tests.support.photographs import corners, encoded
from tests.support.processes import rss
from tests.support.stack import Stack
from tests.support.wait import until
from tests.support.wall_clock import WallClock
from tests.support.witness import Witness

ASKERS = 3
"""At once; each looks at every byte of what it has asked for."""

MOST_OPEN = 16
"""Jobs of an asker on their way at once."""

SLOTS = {"FEATURELENS_SLOTS": "5", "FEATURELENS_SWEEP_SLOTS": "8"}
"""More than a test needs, so that more jobs are hurt."""

STOPPED = 0.05
"""Share of requests that are followed by the stop of some job."""

REST = 600.0
"""Seconds in which everything must have ended, once it is left in peace."""

WHOLE_WITHIN = 600.0
"""The same for the processes after a mishap: on a busy machine a renderer takes minutes to start."""

BASE: dict[str, Any] = {"model": "patternnet", "layer": "logits", "channel": 1}
KINDS: dict[str, dict[str, Any]] = {
    "middle": {"steps": 150, "size": 96},
    "several": {"objective": {"type": "diversity", "pictures": 3}, "layer": "conv6"},
    "snapshots": {"steps": 17, "snapshots": list(range(16))},
}
MEMORY = {
    "service": "service",
    "renderer": "worker.renderer",
    "cataloguer": "worker.cataloguer",
    "slot": "worker.slot",
    "fork server": "worker.slot.fork_server",
    "Valkey": "valkey",
}


@dataclass
class Report:
    """What was seen. `recoveries` are seconds from the end of a mishap until everything was there again."""

    jobs: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    recoveries: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    lost: dict[str, list[str]] = field(default_factory=dict)
    torn: list[str] = field(default_factory=list)
    lies: dict[str, list[str]] = field(default_factory=dict)
    memory: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        return not (self.lost or self.torn or self.lies)

    def table(self) -> str:
        """In Markdown."""
        mishaps = sum(map(len, self.recoveries.values()))
        rows = [
            ("jobs accepted", f"{self.jobs.total()}: {_counted(self.jobs)}"),
            ("their ends", _counted(self.ends)),
            ("mishaps", str(mishaps)),
            ("lost", str(len(self.lost))),
            ("torn", str(len(self.torn))),
            ("told an end, then something else", str(len(self.lies))),
            *(
                (f"MiB of the largest {part}: before, after", f"{one}, {two}")
                for part, (one, two) in self.memory.items()
            ),
        ]
        lines = ["| what | how many |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows), ""]
        lines += ["| mishap | times | whole again after: median | longest |", "|---|---|---|---|"]
        for kind, seconds in sorted(self.recoveries.items()):
            lines.append(f"| {kind} | {len(seconds)} | {statistics.median(seconds):.1f} s | {max(seconds):.1f} s |")
        return "\n".join(lines)


class Asker:
    """Asks for jobs, stops some, looks at all and at every picture that is finished. Closes `client` in the end."""

    def __init__(self, client: httpx.Client, seed: int) -> None:
        self.client = client
        self.witness = Witness(self.client)
        self._chance = random.Random(seed)
        self._seeds = iter(range(seed * 100_000, seed * 100_000 + 100_000))
        self.jobs: Counter[str] = Counter()
        self._torn: list[str] = []
        self._whole: set[str] = set()
        photo = self.client.post("/v1/photos", content=encoded(corners()), headers={"content-type": "image/png"})
        self._photo = photo.json()["photo"]

    def turn(self) -> None:
        """One more job, perhaps one less, and a look; what is not answered is no statement."""
        try:
            if len(self.witness.open) < MOST_OPEN:
                self._ask()
                if self.witness.open and self._chance.random() < STOPPED:
                    self._stop(self._chance.choice(self.witness.open))
        except httpx.TransportError:
            time.sleep(0.2)
        open_ones = self.witness.open
        ended = sorted(self.witness.told.keys() - set(open_ones))
        some = self._chance.sample(open_ones, min(6, len(open_ones)))
        self.witness.look([*some, *self._chance.sample(ended, min(2, len(ended)))])
        self.check(some)

    def check(self, urls: list[str]) -> None:
        """Looks at every byte of those that have succeeded, once."""
        for url in urls:
            if self.witness.told[url][-1:] == ["succeeded"] and url not in self._whole and "visualizations" in url:
                try:
                    self._look_at(url)
                except httpx.TransportError:
                    continue

    def order(self, seed: int) -> tuple[str, str, dict[str, Any]]:
        """A kind of job, where it is asked for, and what is sent."""
        kind = self._chance.choice(["small", "small", "middle", "several", "snapshots", "activations", "sweep"])
        spec: dict[str, Any] = BASE | {
            "seed": seed,
            "steps": self._chance.randint(2, 40),
            "size": self._chance.choice([64, 80]),
        }
        match kind:
            case "activations":
                body = {"model": "patternnet", "photo": self._photo, "units": 1 + seed % 100, "size": 64 + seed % 64}
                return kind, "/v1/activations", body
            case "sweep":
                swept = {name: value for name, value in spec.items() if name not in {"channel", "seed"}}
                return kind, "/v1/sweeps", swept | {"channels": "0-3", "seeds": [seed]}
            case _:
                return kind, "/v1/visualizations", spec | KINDS.get(kind, {})

    def service(self, seed: int) -> httpx.Client:
        """Whom the job of this seed is asked of."""
        return self.client

    def _ask(self) -> None:
        seed = next(self._seeds)
        kind, path, body = self.order(seed)
        answer = self.service(seed).post(path, json=body)
        if answer.status_code == 202 and kind == "sweep":
            items = self.client.get(answer.json()["links"]["items"])
            self._accepted(kind, [item["url"] for item in items.json()["items"]] if items.is_success else [])
        elif answer.status_code == 202:
            self._accepted(kind, [answer.headers["location"]])
        elif answer.status_code not in {200, 503}:
            raise RuntimeError(f"{kind}: {answer.status_code} {answer.text}")

    def _accepted(self, kind: str, urls: list[str]) -> None:
        self.jobs[kind] += len(urls)
        self.witness.accepted(url for url in urls if url not in self.witness.told)

    def _stop(self, url: str) -> None:
        """From now on this one may end either way, but once."""
        self.witness.stopped.add(url)
        self.client.delete(url)

    def _look_at(self, url: str) -> None:
        resource = self.client.get(url)
        if resource.status_code == 503:
            return
        for index, said in enumerate(resource.json()["images"]):
            answer = self.client.get(f"{url}/image", params={"index": index})
            if answer.status_code == 503:
                return
            try:
                Image.open(io.BytesIO(answer.content)).load()
                good = hashlib.sha256(answer.content).hexdigest() == said["sha256"]
            except OSError:
                good = False
            if not good:
                self._torn.append(url)
        self._whole.add(url)

    def settle(self, report: Report) -> None:
        """Waits for all ends, looks at everything once more, and adds it to the report."""
        self.witness.wait(REST)
        self.check(list(self.witness.told))
        told = self.witness.told
        report.jobs += self.jobs
        report.torn += self._torn
        report.ends.update(states[-1] if states else "nothing" for states in told.values())
        report.lost |= {
            url: states
            for url, states in self.witness.lost.items()
            if url not in self.witness.stopped or states[-1:] not in (["cancelled"], ["forgotten"])
        }
        report.lies |= self.witness.lies


def chaos(minutes: float, seed: int, folder: Path) -> Report:
    """Runs for that long, and as long as it takes to come to rest."""
    clock = WallClock(folder) if WallClock.available() else None
    if clock is not None:
        os.environ.update(clock.environment)
    try:
        with Stack(folder / "state", free_port(), **SLOTS) as stack:
            return _run(stack, clock, minutes, seed)
    finally:
        for name in clock.environment if clock else ():
            del os.environ[name]


@contextmanager
def asking(askers: Sequence[Asker]) -> Iterator[Callable[[], bool]]:
    """Each of them asks in a thread of its own; within the block there are jobs. Yields whether one has given up."""
    over = threading.Event()

    def ask(asker: Asker) -> None:
        while not over.is_set():
            asker.turn()
            time.sleep(0.05)

    with ThreadPoolExecutor(len(askers)) as pool:
        threads = [pool.submit(ask, asker) for asker in askers]

        def ended() -> bool:
            return any(one.done() for one in threads)

        try:
            until(lambda: sum(asker.jobs.total() for asker in askers) > 20 or ended(), 120, "jobs")
            yield ended
        finally:
            over.set()
    for one in threads:
        one.result()


def hurt(
    report: Report, minutes: float, chance: random.Random, draw: Callable[[], Mishap], whole: Callable[[], bool]
) -> Iterator[None]:
    """One mishap after the other, each waited for until all is whole again; yields after each."""
    end = time.monotonic() + minutes * 60
    while time.monotonic() < end:
        mishap = draw()
        mishap.happen()
        begun = time.monotonic()
        time.sleep(0.3)
        until(whole, WHOLE_WITHIN, f"whole again after {mishap.kind}", every=0.1)
        report.recoveries[mishap.kind].append(time.monotonic() - begun)
        yield
        time.sleep(chance.uniform(0.5, 3))


def settle(askers: Sequence[Asker], report: Report) -> None:
    """Waits until all that they have asked for has ended, and tells it."""
    for asker in askers:
        asker.settle(report)
        asker.client.close()


def _run(stack: Stack, clock: WallClock | None, minutes: float, seed: int) -> Report:
    report, chance = Report(), random.Random(seed)
    address = stack.http.base_url
    askers = [Asker(httpx.Client(base_url=address, timeout=4), seed + number) for number in range(ASKERS)]
    with asking(askers) as ended:
        before, many = _memory(stack), _processes(stack)
        for _ in hurt(report, minutes, chance, lambda: draw(stack, clock, chance), lambda: _whole(stack, many)):
            if ended():
                break
    settle(askers, report)
    report.memory = {part: (before[part], now) for part, now in _memory(stack).items()}
    return report


def _processes(stack: Stack) -> dict[str, int]:
    return {part: len(pids(stack, part)) for part in MEMORY.values()}


def _whole(stack: Stack, many: dict[str, int]) -> bool:
    """Whether all processes are there, the renderer listens, and the service says that it is ready."""
    if _processes(stack) != many or not ready(stack):
        return False
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe,
        unix_address(stack.state / "renderer.sock") as name,
    ):
        return probe.connect_ex(name) == 0


def _memory(stack: Stack) -> dict[str, int]:
    return {name: max(map(rss, pids(stack, part))) for name, part in MEMORY.items()}


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.chaos")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chaos") as folder:
        report = chaos(asked.minutes, asked.seed, Path(folder))
    print(report.table())
    for name in ("lost", "torn", "lies"):
        if bad := getattr(report, name):
            print(f"{name}: {bad}")
    return 0 if report.good else 1


if __name__ == "__main__":
    sys.exit(main())
