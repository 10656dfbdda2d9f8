"""Activations reached by the default pictures: Tiny Darknet's units and classes beside Lucent's published numbers.

`make quality`. Needs ../shared (FEATURELENS_SHARED) for the weights and the baseline. Activation by the definitions in
lucent-baseline.json: plain is read off the final picture, robust is the mean over 32 random affine transforms.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.plain import PlainLoop, network_of
from benchmarks.sheets import save_sheet
from benchmarks.subjects import baseline, tiny_darknet
from featurelens.engine.extraction.hooks import read
from featurelens.engine.lane import Lane
from featurelens.engine.malloc import keep_memory
from featurelens.engine.network import Preprocessing
from featurelens.engine.objectives import Channel
from featurelens.engine.optimization import Optimization, Recipe
from featurelens.engine.precision import best_device, best_dtype
from featurelens.engine.regularizers import Regularizers
from featurelens.engine.resampling import resample
from featurelens.engine.transforms import Transform

SIZE = (224, 224)
VIEWS = 32
ROBUST = Transform(jitter=0.05 * 224, scale=(0.9, 1.1), rotate=10.0)
LANE = 8


@dataclass
class Measured:
    """One unit's picture (3, H, W) in [0, 1], its plain and robust activation, its curve and seconds."""

    picture: Tensor
    plain: float
    curve: list[float]
    seconds: float
    robust: float = 0.0


def render_all(
    network_layers: dict[str, list[int]], steps: int, regularizers: Regularizers | None = None
) -> dict[tuple[str, int], Measured]:
    """Renders all channels given for each layer, in lanes of 8; `seconds` is a picture's share of its lane's."""
    held = Regularizers() if regularizers is None else regularizers
    device = best_device()
    network = network_of(tiny_darknet(), Preprocessing(), "Tiny Darknet")
    found: dict[tuple[str, int], Measured] = {}
    for layer, channels in network_layers.items():
        lane = Lane(network, [layer], SIZE, dtype=best_dtype(device), device=device, limit=LANE)
        for start in range(0, len(channels), LANE):
            group = channels[start : start + LANE]
            begun = time.perf_counter()
            joined: list[Optimization] = [
                lane.join(Recipe(Channel(layer, c), SIZE, steps=steps, regularizers=held)) for c in group
            ]
            while lane.optimizations:
                lane.tick()
            share = (time.perf_counter() - begun) / len(group)
            for channel, optimization in zip(group, joined, strict=True):
                result = lane.result(optimization)
                picture = result.pixels[0].permute(2, 0, 1).float() / 255
                found[layer, channel] = Measured(picture, result.measures["activation"][0], result.curve, share)
    for (layer, channel), measured in found.items():
        measured.robust = robust_activation(network.module, layer, channel, measured.picture)
    return found


@torch.no_grad()
def robust_activation(module: torch.nn.Module, layer: str, channel: int, picture: Tensor) -> float:
    generator = torch.Generator().manual_seed(0)
    seen = resample(picture.expand(VIEWS, -1, -1, -1), ROBUST.draw(SIZE, VIEWS, generator))
    return float(read(module, seen, [layer])[layer].value[:, channel].mean())


def plain_loop_ms() -> float:
    """Milliseconds per step of the plain loop in this run, by which seconds of another machine are converted."""
    loop = PlainLoop(tiny_darknet(), Preprocessing(), "conv14", 100, SIZE[0], torch.device("cpu"))
    times = []
    for _ in range(12):
        begun = time.perf_counter()
        loop.step()
        times.append(time.perf_counter() - begun)
    return statistics.median(times[2:]) * 1e3


def report(steps: int, sheet: Path | None) -> None:
    numbers = baseline()
    if numbers is None:
        sys.exit("the baseline is not there: set FEATURELENS_SHARED to the folder that holds reference/ and models/")
    labels = {f"conv16:{entry['logit']}": name for name, entry in numbers["classes"].items()}
    wanted = {**numbers["units"], **{f"conv16:{entry['logit']}": entry for entry in numbers["classes"].values()}}
    layers: dict[str, list[int]] = defaultdict(list)
    for unit in wanted:
        layer, _, channel = unit.partition(":")
        layers[layer].append(int(channel))
    found = render_all(layers, steps)
    print(f"{steps} steps, lanes of {LANE}; Lucent 0.1.8: 512 steps, its defaults")
    print(f"{'unit':24} {'plain':>8} {'Lucent':>8} {'robust':>8} {'Lucent':>8} {'seconds':>8} {'reached at step':>16}")
    reach = []
    for (layer, channel), measured in found.items():
        unit = f"{layer}:{channel}"
        goal = wanted[unit]["robust"]
        step = next((index for index, value in enumerate(measured.curve) if value >= goal), None)
        reach.append(None if step is None else measured.seconds * (step + 1) / steps)
        print(
            f"{labels.get(unit, unit):24} {measured.plain:8.2f} {wanted[unit]['plain']:8.2f} "
            f"{measured.robust:8.2f} {goal:8.2f} {measured.seconds:8.2f} {'never' if step is None else step + 1:>16}"
        )
    _summary(found, wanted, numbers["class_mean"], reach)
    if sheet is not None:
        save_sheet([measured.picture for measured in found.values()], sheet, columns=5)
        print(f"pictures: {sheet}")


def _summary(
    found: dict[tuple[str, int], Measured],
    wanted: dict[str, dict[str, float]],
    means: dict[str, float],
    reach: list[float | None],
) -> None:
    units = [(m, wanted[f"{layer}:{c}"]) for (layer, c), m in found.items() if layer != "conv16"]
    classes = [m for (layer, _), m in found.items() if layer == "conv16"]
    above = sum(m.plain > w["plain"] and m.robust > w["robust"] for m, w in units)
    print(f"units above Lucent in both: {above} of {len(units)}")
    for name in ("plain", "robust"):
        print(f"classes, mean {name}: {statistics.mean(getattr(m, name) for m in classes):.1f}, Lucent {means[name]}")
    plain = plain_loop_ms()
    lucent = 512 * 47 / 37 * plain / 1e3
    known = [seconds for seconds in reach if seconds is not None]
    print(
        f"plain loop {plain:.1f} ms a step here, so Lucent takes about {lucent:.1f} s here; its robust activation is "
        f"reached after {statistics.mean(known):.2f} s on average, at worst {max(known):.2f} s: "
        f"1/{lucent / statistics.mean(known):.0f} and 1/{lucent / max(known):.0f} of its time"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=128)
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    keep_memory()
    report(arguments.steps, arguments.sheet)


if __name__ == "__main__":
    main()
