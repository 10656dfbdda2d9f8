"""Pictures per minute for a whole layer, beside the plain loop on the same device: `python -m benchmarks.layer`.

Every channel of GoogLeNet inception4a at 224, through lanes as the renderer has them. Meant for a GPU; on a processor
`--channels 16 --steps 32` says what there is to say in a minute.
"""

from __future__ import annotations

import argparse
import time

import torch

from benchmarks.bench import SIZE
from benchmarks.plain import PlainLoop, network_of
from benchmarks.subjects import TIMED
from worker.engine.memory import keep_memory
from worker.engine.objectives import Channel
from worker.engine.precision import best_device
from worker.engine.render import Recipe
from worker.lanes import Lanes

CHANNELS = 512
PLAIN_STEPS = 24
"""Of the plain loop, which takes as long for every step."""


def sweep(device: torch.device, channels: int, steps: int) -> float:
    """Seconds from the first channel's request to the last one's pixels."""
    subject = next(subject for subject in TIMED if subject.layer == "inception4a")
    network = network_of(subject.build(), subject.preprocessing, subject.title)
    size = (SIZE, SIZE)
    lane = Lanes(device).get(network, (subject.layer,), size)
    begun = time.perf_counter()
    for channel in range(channels):
        lane.join(Recipe(Channel(subject.layer, channel), size, steps=steps, seed=channel))
    while lane.renders:
        for render in lane.tick():
            if render.failure is not None:
                raise render.failure
            lane.result(render)  # as pixels on the processor, which waits for the device
    return time.perf_counter() - begun


def plain(device: torch.device, steps: int) -> float:
    """Seconds for one picture by the plain loop."""
    subject = next(subject for subject in TIMED if subject.layer == "inception4a")
    loop = PlainLoop(subject.build(), subject.preprocessing, subject.layer, subject.channel, SIZE, device)
    timed = min(steps, PLAIN_STEPS)
    for _ in range(3):
        loop.step()
    loop.pixels()
    begun = time.perf_counter()
    for _ in range(timed):
        loop.step()
    loop.pixels()
    return (time.perf_counter() - begun) / timed * steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--channels", type=int, default=CHANNELS)
    parser.add_argument("--steps", type=int, default=256)
    arguments = parser.parse_args()
    keep_memory()
    device = best_device(arguments.device)
    sweep(device, min(8, arguments.channels), 2)  # whatever is slow only once
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    ours = sweep(device, arguments.channels, arguments.steps) / arguments.channels
    alone = plain(device, arguments.steps)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    print(f"GoogLeNet inception4a, {arguments.channels} channels, {arguments.steps} steps, {SIZE}x{SIZE}")
    print(f"{device} ({name}): {60 / ours:.1f} pictures a minute, plain loop {60 / alone:.1f}, {alone / ours:.2f}x")
    if device.type == "cuda":
        print(f"at most {torch.cuda.max_memory_allocated(device) / 2**30:.2f} GiB of its memory")


if __name__ == "__main__":
    main()
