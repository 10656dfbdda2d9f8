"""Several renderers on one processor: how full their lanes are, by lane and at random, and who waits beside sweeps.

    python -m benchmarks.renderers [--rounds 2] [--size 64] [--steps 24] [--parts 8]

Starts a Featurelens of four renderers and, on the same broker, store and workers, a second service that deals pictures
out at random. Both are asked for the same sweeps in turn, those of all layers at once in small parts that alternate.

Lane fill is steps / (ticks x full): pictures in a tick, over as many as a lane could have had in it. `full` is what a
renderer has in the making at once of sweeps (16 on a processor), or the pictures that one tick takes at this size if
those are fewer. Beginnings and ends count, where there is no more to have.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from benchmarks.load import redis_url
from featurelens.launcher.claim import free_port
from featurelens.worker.renderer.lanes import BATCH_PIXELS, SWEEP_PICTURES
from tests.support.paths import ROOT
from tests.support.stack import Stack
from tests.support.wait import until

RENDERERS = 4
LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5", "conv6", "logits")
PART = "0-7"
"""Channels of one sweep; each layer is asked for several of them, with other seeds."""
SINGLES = 40
ENOUGH = 1800.0
"""Seconds within which sweeps must have ended."""
BEATS = 11.0
"""Seconds after which every renderer has told its figures, twice."""


class Figures(NamedTuple):
    """What was seen of one round."""

    fill: float
    pictures: int
    seconds: float
    moved: float
    """Share of the pictures' steps made by the busiest renderer."""


class Fleet:
    """The services by name, each a client; all on the same renderers."""

    def __init__(self, clients: dict[str, httpx.Client], size: int, steps: int, parts: int) -> None:
        self.clients = clients
        self.parts = parts
        self._spec: dict[str, Any] = {"model": "patternnet", "size": size, "steps": steps}
        self._seed = 1
        status = self.status()
        most = min(one["sweep_pictures"] for one in status)
        self.full = min(most, max(1, BATCH_PIXELS["cpu"] // size**2))

    def status(self) -> list[dict[str, Any]]:
        """Every renderer's figures."""
        client = next(iter(self.clients.values()))
        found: list[dict[str, Any]] = client.get("/v1/status").raise_for_status().json()["renderers"]
        return found

    def sweep(self, name: str) -> list[str]:
        """Asks a service for all sweeps at once; where they are."""
        wanted = []
        for _ in range(self.parts):
            wanted += [{**self._spec, "layer": layer, "channels": PART, "seeds": [self._seed]} for layer in LAYERS]
            self._seed += 1

        def ask(body: dict[str, Any]) -> str:
            answer = self.clients[name].post("/v1/sweeps", json=body)
            assert answer.status_code == 202, answer.text
            return str(answer.headers["location"])

        with ThreadPoolExecutor(len(LAYERS)) as pool:
            return list(pool.map(ask, wanted))

    def ended(self, urls: Sequence[str]) -> bool:
        client = next(iter(self.clients.values()))
        told = (client.get(url).json() for url in reversed(urls))
        return all(sweep["status"] == "finished" and _whole(sweep) for sweep in told)

    def round(self, name: str) -> Figures:
        """All sweeps of a round by one service, from a fleet at rest to a fleet at rest."""
        time.sleep(BEATS)
        before = {one["id"]: one for one in self.status()}
        begun = time.monotonic()
        urls = self.sweep(name)
        until(lambda: self.ended(urls), ENOUGH, "all sweeps made", every=0.5)
        seconds = time.monotonic() - begun
        time.sleep(BEATS)
        after = {one["id"]: one for one in self.status()}
        assert {id: one["started"] for id, one in before.items()} == {id: one["started"] for id, one in after.items()}
        steps = {id: after[id]["steps"] - before[id]["steps"] for id in after}
        ticks = sum(after[id]["ticks"] - before[id]["ticks"] for id in after)
        pictures = len(urls) * 8
        return Figures(
            sum(steps.values()) / (ticks * self.full), pictures, seconds, max(steps.values()) / sum(steps.values())
        )

    def waits(self, name: str) -> list[float]:
        """Seconds from asking until a slot starts it, of pictures asked for alone, one after the other."""
        found = []
        for number in range(SINGLES):
            body = {**self._spec, "layer": LAYERS[number % len(LAYERS)], "channel": 9, "seed": self._seed}
            self._seed += 1
            begun = time.time()
            answer = self.clients[name].post("/v1/visualizations", json=body, headers={"prefer": "wait=60"})
            resource = answer.json()
            while resource["status"] in {"queued", "running"}:  # as on a machine that has much else to do
                resource = self.clients[name].get(answer.headers["location"], headers={"prefer": "wait=60"}).json()
            assert resource["status"] == "succeeded", resource
            found.append(datetime.fromisoformat(resource["started"]).timestamp() - begun)
        return sorted(found)


def _whole(sweep: dict[str, Any]) -> bool:
    assert sweep["counts"]["succeeded"] == sweep["total"], sweep
    return True


@contextmanager
def random_service(state: Path) -> Iterator[httpx.Client]:
    """A client of `benchmarks.random_routing` beside the Featurelens of this state folder."""
    port = free_port()
    told = {"FEATURELENS_STATE": str(state), "REDIS_URL": redis_url(state), "PORT": str(port)}
    command = [sys.executable, "-m", "benchmarks.random_routing"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | told, stderr=subprocess.DEVNULL)
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=90)

    def ready() -> bool:
        try:
            return client.get("/readyz").status_code == 200
        except httpx.TransportError:
            assert process.poll() is None
            return False

    try:
        until(ready, 120, "the second service", every=0.2)
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.renderers")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--parts", type=int, default=8)
    asked = parser.parse_args()
    places = str(SWEEP_PICTURES["cpu"])
    settings = {
        "FEATURELENS_RENDERERS": str(RENDERERS),
        "FEATURELENS_SWEEP_SLOTS": places,
        "OMP_NUM_THREADS": "1",
    }
    with tempfile.TemporaryDirectory(prefix="renderers") as folder:
        state = Path(folder) / "state"
        with Stack(state, free_port(), **settings) as stack, random_service(state) as patched:
            until(lambda: len(stack.see("/v1/status")["renderers"]) == RENDERERS, 180, "all renderers", every=0.5)
            stack.http.timeout = httpx.Timeout(90)
            clients = {"by lane": stack.http, "at random": patched}
            _measure(Fleet(clients, asked.size, asked.steps, asked.parts), asked.rounds)


def _measure(fleet: Fleet, rounds: int) -> None:
    print(f"{RENDERERS} renderers, {len(LAYERS)} layers x {fleet.parts} sweeps of {PART}, lane fill of {fleet.full}")
    fleet.waits("by lane")
    seen: dict[str, list[Figures]] = {name: [] for name in fleet.clients}
    for _ in range(rounds):
        for name in fleet.clients:
            seen[name].append(fleet.round(name))
            print(f"  {name}: {seen[name][-1]}", flush=True)
    print("\n| dealt | lane fill | pictures a second | of all steps on the busiest |\n|---|---|---|---|")
    for name, figures in seen.items():
        fill = statistics.mean(one.fill for one in figures)
        rate = sum(one.pictures for one in figures) / sum(one.seconds for one in figures)
        print(f"| {name} | {fill:.2f} | {rate:.1f} | {statistics.mean(one.moved for one in figures):.0%} |")
    idle = fleet.waits("by lane")
    urls = fleet.sweep("by lane")
    busy = fleet.waits("by lane")
    over = fleet.ended(urls)
    until(lambda: fleet.ended(urls), ENOUGH, "all sweeps made", every=0.5)
    print("\n| single pictures | until it starts: p50 | p95 |\n|---|---|---|")
    for name, found in (("no sweeps", idle), (f"beside sweeps{' (which ended before)' if over else ''}", busy)):
        print(f"| {name} | {statistics.median(found):.3f} s | {found[int(len(found) * 0.95)]:.3f} s |")


if __name__ == "__main__":
    main()
