"""Pictures per minute for a whole layer, compared with the plain loop on the same device: `python -m benchmarks.layer`.

Every channel of GoogLeNet inception4a at 224, in the renderer's lanes. Meant for a GPU; on a CPU `--channels 16
--steps 32` takes a minute.
"""

from __future__ import annotations

import argparse

import torch

from benchmarks.bench import SIZE, name_of, seconds
from benchmarks.plain import PlainLoop, network_of
from benchmarks.subjects import TIMED
from featurelens.engine.malloc import keep_memory
from featurelens.engine.objectives import Channel
from featurelens.engine.optimization import Recipe
from featurelens.engine.precision import best_device
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.lanes import Lanes

SUBJECT = next(subject for subject in TIMED if subject.layer == "inception4a")
PLAIN_STEPS = 24
"""Steps of the plain loop that are timed: each takes the same time."""


def sweep(device: torch.device, channels: int, steps: int) -> float:
    """Seconds from joining the first channel to the pixels of the last."""
    network = network_of(SUBJECT.build(), SUBJECT.preprocessing, SUBJECT.title)
    size = (SIZE, SIZE)
    lane = Lanes(Device.of(device)).get(network, (SUBJECT.layer,), size)

    def work() -> None:
        for channel in range(channels):
            lane.join(Recipe(Channel(SUBJECT.layer, channel), size, steps=steps, seed=channel))
        while lane.optimizations:
            for optimization in lane.tick():
                if optimization.failure is not None:
                    raise optimization.failure
                lane.result(optimization)

    return seconds(work, device)


def plain(device: torch.device, steps: int) -> float:
    """Seconds of one picture by the plain loop."""
    loop = PlainLoop(SUBJECT.build(), SUBJECT.preprocessing, SUBJECT.layer, SUBJECT.channel, SIZE, device)
    timed = min(steps, PLAIN_STEPS)

    def work() -> None:
        for _ in range(timed):
            loop.step()

    loop.step()  # the first step is slower
    return seconds(work, device) / timed * steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--channels", type=int, default=512)
    parser.add_argument("--steps", type=int, default=256)
    arguments = parser.parse_args()
    keep_memory()
    device = best_device(arguments.device)
    sweep(device, min(8, arguments.channels), 2)  # as in `plain`
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    ours = sweep(device, arguments.channels, arguments.steps) / arguments.channels
    alone = plain(device, arguments.steps)
    print(f"{SUBJECT.title}, {arguments.channels} channels, {arguments.steps} steps, {SIZE}x{SIZE}")
    print(f"{name_of(device)}: {60 / ours:.1f} pictures a minute, plain loop {60 / alone:.1f}, {alone / ours:.2f}x")
    if device.type == "cuda":
        print(f"at most {torch.cuda.max_memory_allocated(device) / 2**30:.2f} GiB of its memory")


if __name__ == "__main__":
    main()
