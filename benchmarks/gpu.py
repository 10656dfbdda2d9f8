"""What a card does with our pictures, in one table: ``make gpu`` (``python -m benchmarks.gpu [--device cuda]``).

Is a picture the same to the bit when it is made again, and in company? Does every objective and parameterization reach
what a CPU reaches? How long does a step take in lanes of many sizes, beside the plain loop, and how much memory; how
long where nothing is done for the same bits? A device can be named to try the program where there is no card; figures
for `docs/performance.md` are those of a card.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.bench import SIZE, LaneCase, name_of, seconds
from benchmarks.plain import PlainLoop
from benchmarks.subjects import TIMED
from featurelens.engine.lane import Lane
from featurelens.engine.network import Network
from featurelens.engine.optimization import Recipe, Rendering
from featurelens.engine.precision import best_dtype, repeatable
from featurelens.engine.resampling import resample, sampled
from featurelens.engine.transforms import Transform
from featurelens.worker.renderer.recipes import recipe
from tests.support.every_recipe import digest, wanted
from tests.support.lanes import finish
from tests.support.recipes import LAYER, OTHER, photograph
from tests.support.small_networks import network, stack

SUBJECT = next(subject for subject in TIMED if subject.layer == "inception4a")
NEAR = 0.1
"""Part by which an activation may differ from the CPU's."""
ROWS = 32
"""Of pictures resampled at once."""
TICKS = 8
"""Ticks of a lane that are timed, after as many that are not."""


def together(net: Network, recipes: Sequence[Recipe], device: torch.device) -> list[Rendering]:
    """All at once in one lane, in the device's precision."""
    lane = Lane(net, [LAYER, OTHER], recipes[0].size, dtype=best_dtype(device), device=device, limit=64)
    joined = [lane.join(one) for one in recipes]
    finish(lane)
    return [lane.result(one) for one in joined]


def pictures(device: torch.device) -> list[str]:
    """Rows about bits and activations, of a small network."""
    net = replace(network(stack(stride=2)), channels={LAYER: 8, OTHER: 12})
    recipes = [recipe(spec, net, lambda _: photograph()) for spec in wanted()]

    def apart(where: torch.device) -> list[Rendering]:
        return [made for one in recipes for made in together(net, [one], where)]

    once, again = apart(device), apart(device)
    company = together(net, recipes, device)
    host = apart(torch.device("cpu"))
    same = sum(digest(one) == digest(other) for one, other in zip(once, again, strict=True))
    alike = sum(digest(one) == digest(other) for one, other in zip(once, company, strict=True))
    both = [(_activation(one), _activation(other)) for one, other in zip(once, host, strict=True)]
    near = sum(abs(one - other) <= NEAR * abs(other) for one, other in both)
    reached = [one / other for one, other in both if other]
    least, most = min(reached), max(reached)
    return [
        f"made again, the same to the bit | {same} of {len(recipes)}",
        f"made together, the same to the bit as alone | {alike} of {len(recipes)}",
        f"activation within {NEAR:.0%} of the CPU's | {near} of {len(recipes)}; {least:.2f} to {most:.2f}",
    ]


def _activation(made: Rendering) -> float:
    return statistics.fmean(made.measures["activation"])


def plain_loop(device: torch.device) -> float:
    """Milliseconds of a step."""
    loop = PlainLoop(SUBJECT.build(), SUBJECT.preprocessing, SUBJECT.layer, SUBJECT.channel, SIZE, device)
    loop.step()
    return statistics.median(seconds(loop.step, device) for _ in range(TICKS)) * 1e3


def speed(device: torch.device, lanes: Sequence[int], plain: float, what: str, limit: int = 0) -> Iterator[str]:
    """Rows about milliseconds per picture and step beside the `plain` loop's, and about memory."""
    for count in lanes:
        if _card(device):
            torch.cuda.reset_peak_memory_stats(device)
        begun = time.perf_counter()
        lane = LaneCase(SUBJECT, count, best_dtype(device), device, max(limit, count) if limit else 0)
        lane.step()
        ready = time.perf_counter() - begun
        for _ in range(TICKS):
            lane.step()
        step = statistics.median(seconds(lane.step, device) for _ in range(TICKS))
        each = step * 1e3 / count
        peak = f", {torch.cuda.max_memory_allocated(device) / count / 1e6:.0f} MB a picture" if _card(device) else ""
        yield (
            f"{SUBJECT.title}, lane of {count}, {what} | {each:.3f} ms a picture and step, {plain / each:.1f}x{peak}"
            f"{_busy(lane, device)}; ready after {ready:.1f} s"
        )


def resampling(device: torch.device) -> str:
    """A row about carrying a gradient back through the transforms, as torch does it and as we do."""
    generator = torch.Generator().manual_seed(0)
    affine = Transform().draw((SIZE, SIZE), ROWS, generator)
    slope = torch.randn(ROWS, 3, SIZE, SIZE, generator=generator).to(device)
    shown = torch.rand_like(slope).requires_grad_(True)
    took = []
    for look in (sampled, resample):
        back = partial(torch.autograd.grad, look(shown, affine), shown, slope, retain_graph=True)
        back()
        took.append(statistics.median(seconds(back, device) for _ in range(TICKS)) * 1e3)
    return f"gradient of {ROWS} resampled pictures, scattered, gathered | {took[0]:.2f}, {took[1]:.2f} ms"


def _busy(lane: LaneCase, device: torch.device) -> str:
    """The part of a tick in which the card computes: the sum of its kernels' times over the time of the tick."""
    if not _card(device):
        return ""
    with profile(activities=[ProfilerActivity.CUDA]) as seen:
        spent = seconds(lambda: [lane.step() for _ in range(TICKS)], device)
    kernels = sum(event.self_device_time_total for event in seen.key_averages()) / 1e6
    return f", busy {kernels / spent:.0%}"


def _card(device: torch.device) -> bool:
    return device.type == "cuda"


def _rows(device: torch.device, lanes: Sequence[int]) -> Iterator[str]:
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read once, when a card multiplies for the first time
    plain = plain_loop(device)
    yield f"{SUBJECT.title}, plain loop | {plain:.2f} ms"
    yield resampling(device)
    yield from speed(device, lanes, plain, "as fast as it goes")
    repeatable(device)
    yield from pictures(device)
    yield from speed(device, lanes, plain, "the same bits", limit=64)


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.gpu")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--lanes", type=int, nargs="+", default=[1, 8, 64, 256])
    asked = parser.parse_args()
    device = torch.device(asked.device)
    if _card(device) and not torch.cuda.is_available():
        print("there is no CUDA device here", file=sys.stderr)
        return 1
    print(
        f"{name_of(device)}, torch {torch.__version__}, network in {best_dtype(device)}\n\n| what | seen |\n|---|---|"
    )
    for row in _rows(device, asked.lanes):
        print(f"| {row} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
