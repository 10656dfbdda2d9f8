"""What lies between the engine and the client: ``python -m benchmarks.overhead [--pictures 256] [--steps 64]``.

Starts a Featurelens of its own and prints, in one run: the first picture after a first start against the tenth, and
sweeps through the API against what the engine alone makes of the same pictures, in a process of its own. Both take
turns, because machines change their speed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from featurelens.engine.malloc import keep_memory
from featurelens.engine.objectives import Channel
from featurelens.engine.optimization import Recipe
from featurelens.engine.precision import best_device
from featurelens.jobs.settings import Settings
from featurelens.launcher.claim import free_port
from featurelens.worker.models.registry import Registry
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.lanes import Lanes
from tests.support.stack import Stack

LAYER, SIZE, CHANNELS = "conv6", 96, 64
"""A turn is one picture of each channel."""
SINGLE: dict[str, Any] = {"model": "patternnet", "layer": "logits", "channel": 3}
"""As the launcher prints it."""
SINGLES = 10


def engine(steps: int, seed: int, state: Path) -> float:
    """Seconds from joining the first picture to the pixels of the last, in a lane that is open."""
    keep_memory()
    device = Device.of(best_device())
    network = Registry(Settings(state=state)).load("patternnet")
    lane = Lanes(device).get(network, (LAYER,), (SIZE, SIZE))

    def make(steps: int) -> None:
        for channel in range(CHANNELS):
            lane.join(Recipe(Channel(LAYER, channel), (SIZE, SIZE), steps=steps, seed=seed))
        while lane.optimizations:
            for optimization in lane.tick():
                lane.result(optimization)

    make(1)
    begun = time.monotonic()
    make(steps)
    return time.monotonic() - begun


def alone(steps: int, seed: int, folder: Path) -> float:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.overhead", "--engine", str(folder)]
    command += ["--seed", str(seed), "--steps", str(steps)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def singles(stack: Stack) -> list[float]:
    """Seconds of pictures asked for one after the other, from the request to the answer that it is made."""
    seconds = []
    for seed in range(SINGLES):
        begun = time.monotonic()
        answer = stack.http.post("/v1/visualizations", json=SINGLE | {"seed": seed}, headers={"Prefer": "wait=20"})
        if answer.json()["status"] != "succeeded":
            raise SystemExit(f"not made: {answer.text}")
        seconds.append(time.monotonic() - begun)
    return seconds


def sweep(stack: Stack, steps: int, seed: int) -> float:
    """Seconds from the request until all of a sweep are made."""
    begun = time.monotonic()
    spec = {"model": "patternnet", "layer": LAYER, "size": SIZE, "steps": steps}
    asked = {"channels": f"0-{CHANNELS - 1}", "seeds": [seed]}
    url = stack.http.post("/v1/sweeps", json=spec | asked).raise_for_status().headers["location"]
    while True:
        counts = stack.http.get(url).json()["counts"]
        if counts.get("succeeded", 0) == CHANNELS:
            return time.monotonic() - begun
        if not counts.get("queued", 0) + counts.get("running", 0):
            raise SystemExit(f"not made: {counts}")
        time.sleep(0.2)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.overhead")
    parser.add_argument("--pictures", type=int, default=256)
    parser.add_argument("--steps", type=int, default=64)
    parser.add_argument("--places", default="16", help="pictures of a sweep in the making at once")
    parser.add_argument("--engine", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.engine is not None:
        print(engine(asked.steps, asked.seed, asked.engine))
        return
    bare, through = [], []
    with tempfile.TemporaryDirectory(prefix="overhead") as folder:
        state = Path(folder) / "state"
        with Stack(state, free_port(), FEATURELENS_SLOTS="8", FEATURELENS_SWEEP_SLOTS=asked.places) as stack:
            one = singles(stack)
            sweep(stack, 1, asked.pictures)
            for seed in range(max(1, asked.pictures // CHANNELS)):
                bare.append(alone(asked.steps, seed, state))
                through.append(sweep(stack, asked.steps, seed))
    print(f"{torch.get_num_threads()} threads, {Device.of(best_device()).instructions}")
    print("| | seconds | ratio |\n|---|---|---|")
    print(f"| the first picture, the tenth | {one[0]:.2f}, {one[-1]:.2f} | {one[0] / one[-1]:.2f} |")
    share = sum(bare) / sum(through)
    print(
        f"| {len(bare)} times {CHANNELS} pictures: engine, sweep | {sum(bare):.1f}, {sum(through):.1f} | {share:.2f} |"
    )
    print(f"each: {', '.join(f'{one:.1f} {other:.1f}' for one, other in zip(bare, through, strict=True))}")


if __name__ == "__main__":
    main()
