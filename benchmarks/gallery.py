"""Makes the pictures of README and docs again: `make gallery`.

Those of patternnet need nothing else; those of Tiny Darknet need its weights in ../shared (FEATURELENS_SHARED).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.feature_maps import save_maps
from benchmarks.plain import network_of
from benchmarks.sheets import save_sheet
from benchmarks.spectrum import save_spectra
from benchmarks.subjects import ROOT, SHARED, tiny_darknet
from featurelens.engine.filters import filters_of
from featurelens.engine.filters.pictures import colours, tiles
from featurelens.engine.malloc import keep_memory
from featurelens.engine.network import Network, Preprocessing
from featurelens.engine.objectives import Channel, Diversity, Interpolation, Objective
from featurelens.engine.optimization import Recipe, Rendering
from featurelens.engine.parameterizations import Fourier, Parameterization, Pixel, Shared
from featurelens.engine.render import render
from featurelens.jobs.settings import Settings
from featurelens.worker.models.registry import Registry

IMAGES = ROOT / "docs" / "images"
PATTERNS = ("stripes 45 coarse", "checks", "rings", "spiral", "bricks", "hexagons", "rays", "triangles")
CLASSES = {"zebra": 79, "goldfish": 449, "ladybug": 621, "umbrella": 219, "peacock": 404, "daisy": 356}
FILTERS = (0, 6, 7, 10, 12, 13, 17, 20)
"""Units of patternnet's conv1."""
SIDE = 144
"""Pixels of a picture's side on a page."""
LAYERS = (("conv4", 10), ("conv6", 50), ("conv8", 100), ("conv10", 33), ("conv12", 7), ("conv14", 100))


def pictures(results: Sequence[Rendering]) -> list[Tensor]:
    """Snapshots and finished pictures, each (3, H, W) in [0, 1], of one result after the other."""
    blocks = [block for result in results for block in (*(pixels for _, pixels in result.snapshots), result.pixels)]
    return [picture.permute(2, 0, 1).float() / 255 for block in blocks for picture in block]


def strip(network: Network, objectives: Sequence[Objective], size: int, steps: int = 128) -> list[Tensor]:
    return pictures(render(network, [Recipe(objective, (size, size), steps) for objective in objectives]))


def patternnet_strip() -> None:
    network = Registry(Settings()).load("patternnet")
    assert network.labels is not None
    labels = list(network.labels)
    shown = strip(network, [Channel("logits", labels.index(name)) for name in PATTERNS], 128)
    save_sheet(shown, IMAGES / "patternnet.png", columns=len(shown))
    save_maps(Registry(Settings()), IMAGES / "maps.png")


def filter_strip() -> None:
    """Kernels over the picture: whole, the positive part, the negative part, one below the other."""
    registry = Registry(Settings())
    network, size = registry.load("patternnet"), registry.entry("patternnet").input_size
    rows: list[list[Tensor]] = [[], [], []]
    for channel in FILTERS:
        kernel = filters_of(network, "conv1", channel, size).picture
        assert kernel is not None
        for row, part in zip(rows, (kernel, kernel.clamp(min=0), kernel.clamp(max=0)), strict=True):
            row.append(colours(part, float(kernel.abs().max()), network))
    large = tiles([one for row in rows for one in row], 7 * 14)
    save_sheet(list(large.permute(0, 3, 1, 2) / 255), IMAGES / "filters.png", columns=len(FILTERS))


def darknet_strips() -> None:
    network = network_of(tiny_darknet(), Preprocessing(), "Tiny Darknet")
    size = (224, 224)
    save_sheet(
        strip(network, [Channel("conv16", k) for k in CLASSES.values()], 224),
        IMAGES / "classes.png",
        columns=6,
        side=SIDE,
    )
    save_sheet(
        strip(network, [Channel(layer, k) for layer, k in LAYERS], 224), IMAGES / "layers.png", columns=6, side=SIDE
    )
    signs = [Channel(layer, k, sign) for layer, k in LAYERS[1:4] for sign in ("negative", "positive")]
    save_sheet(strip(network, signs, 224), IMAGES / "signs.png", columns=6, side=SIDE)
    ladybug = Channel("conv16", CLASSES["ladybug"])
    stages = render(network, [Recipe(ladybug, size, 512, snapshots=(0, 4, 16, 48, 128))])
    save_sheet(pictures(stages), IMAGES / "stages.png", columns=6, side=SIDE)
    ways: list[Parameterization] = [Pixel(), Fourier(decorrelate=False), Fourier()]
    compared = [Recipe(Channel("conv14", 100), size, 128, parameterization=way) for way in ways]
    save_sheet(pictures(render(network, compared)), IMAGES / "preconditioning.png", columns=3, side=SIDE)
    four = Recipe(Diversity(Channel("conv12", 7)), size, 128, pictures=4)
    save_sheet(pictures(render(network, [four])), IMAGES / "diversity.png", columns=4, side=SIDE)
    pair = Interpolation(ladybug, Channel("conv16", CLASSES["umbrella"]), 5, alignment=0.1)
    between = Recipe(pair, size, 128, pictures=5, parameterization=Shared(5))
    save_sheet(pictures(render(network, [between])), IMAGES / "interpolation.png", columns=5, side=SIDE)


def main() -> None:
    keep_memory()
    torch.manual_seed(0)
    patternnet_strip()
    filter_strip()
    save_spectra(IMAGES / "spectrum.png")
    if (SHARED / "models" / "tiny_darknet").exists():
        darknet_strips()
    for path in sorted(Path(IMAGES).glob("*.png")):
        print(path.relative_to(ROOT), f"{path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
