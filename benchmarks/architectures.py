"""One recommended unit of each kind of network, random weights, few steps: `python -m benchmarks.architectures`.

It shows that the engine can optimize for units of each of them, from convolutions to transformers; without trained
weights the pictures mean nothing.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn

from featurelens.engine.extraction.extractor import Extractor
from featurelens.engine.lane import Lane
from featurelens.engine.network import IMAGENET, Network
from featurelens.engine.objectives import Channel
from featurelens.engine.objectives.base import feature_maps
from featurelens.engine.optimization import Recipe
from featurelens.engine.precision import best_device, best_dtype
from featurelens.engine.transforms import Transform
from featurelens.jobs.catalog.entries import LayerEntry
from featurelens.jobs.settings import Settings
from featurelens.worker.models.registry import Registry

ARCHITECTURES = (
    *("alexnet", "vgg11", "googlenet", "inception_v3", "resnet18", "resnext50_32x4d", "densenet121"),
    *("squeezenet1_1", "shufflenet_v2_x1_0", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0"),
    *("regnet_y_400mf", "convnext_tiny", "vit_b_32", "swin_t", "maxvit_t"),
)
NO_TRANSFORM = Transform(jitter=0, scale=(1, 1), rotate=0)


@dataclass(frozen=True)
class Row:
    """The measurement of one unit: its activation before and after optimization."""

    architecture: str
    layer: LayerEntry
    start: float
    end: float
    seconds: float
    """Per step, after the first."""

    @property
    def rose(self) -> bool:
        return self.end > self.start

    def line(self) -> str:
        layer = self.layer
        shape = "x".join(str(n) for n in (layer.channels, layer.height, layer.width) if n is not None)
        seen = "whole picture" if layer.receptive_field is None else f"{layer.receptive_field[0]} pixels"
        return (
            f"{self.architecture:20} {layer.name:32} {layer.kind:8} {shape:13} {seen:14} "
            f"{self.start:9.3g} -> {self.end:9.3g}  {1000 * self.seconds:6.0f} ms"
        )


def random_network(registry: Registry, architecture: str) -> tuple[Network, tuple[int, int], list[LayerEntry]]:
    """The network with random weights, its input size, and its layers."""
    torch.manual_seed(0)
    entry, module = registry.build(architecture)
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):  # keeps the variance of activations (He et al. 2015)
                layer.weight.normal_(0, math.sqrt(2 / layer.weight[0].numel()))
    layers = registry.describe(architecture)
    last = frozenset(layer.name for layer in layers if layer.channels_last)
    network = Network(entry.name, module, IMAGENET, digest="random", channels_last=last)
    return network, entry.input_size, layers


def climb(registry: Registry, architecture: str, steps: int, device: torch.device) -> Row:
    """Optimizes for the most active unit of the middle recommended layer, from noise, without transforms."""
    network, size, layers = random_network(registry, architecture)
    candidates = [layer for layer in layers if layer.recommended and layer.kind != "vector"]
    layer = candidates[len(candidates) // 2]
    lane = Lane(network, [layer.name], size, dtype=best_dtype(device), device=device)
    unit = Channel(layer.name, _most_active(network, layer.name, size))
    optimization = lane.join(Recipe(unit, size, steps, transform=NO_TRANSFORM))
    first = lane.result(optimization).measures["activation"][0]
    lane.tick()
    begun = time.perf_counter()
    while lane.optimizations:
        lane.tick()
    seconds = (time.perf_counter() - begun) / (steps - 1)
    return Row(architecture, layer, first, lane.result(optimization).measures["activation"][0], seconds)


def _most_active(network: Network, layer: str, size: tuple[int, int]) -> int:
    """The unit with the largest mean activation on grey: a random rectified unit may be dead."""
    with torch.no_grad():
        value = Extractor(network, [layer])(network.preprocessing(torch.full((1, 3, *size), 0.5)))[layer].value
    return int(feature_maps(value)[0].mean((1, 2)).argmax())


def run(architectures: Sequence[str], steps: int) -> list[Row]:
    device = best_device("auto")
    rows = []
    with TemporaryDirectory() as state:
        registry = Registry(Settings(state=Path(state), models=None))
        for architecture in architectures:
            rows.append(climb(registry, architecture, steps, device))
            print(rows[-1].line(), flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("architectures", nargs="*", default=ARCHITECTURES)
    parser.add_argument("--steps", type=int, default=12)
    arguments = parser.parse_args()
    rows = run(arguments.architectures, arguments.steps)
    fallen = [row.architecture for row in rows if not row.rose]
    print(f"{len(rows) - len(fallen)} of {len(rows)} rose" + (f", not {', '.join(fallen)}" if fallen else ""))


if __name__ == "__main__":
    main()
