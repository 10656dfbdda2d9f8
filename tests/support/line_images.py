"""Images with a line each, and a network with a filter for each orientation that a line may have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from featurelens.engine.network import Network
from tests.support.small_networks import network

SIDE, KEEP, IMAGES = 24, 5, 40
KERNELS = np.stack(
    [
        np.repeat([[-1.0], [0.0], [2.0], [0.0], [-1.0]], 5, 1),
        np.repeat([[-1.0, 0.0, 2.0, 0.0, -1.0]], 5, 0),
        2 * np.eye(5) - np.eye(5, k=2) - np.eye(5, k=-2),
        np.fliplr(2 * np.eye(5) - np.eye(5, k=2) - np.eye(5, k=-2)),
    ]
)
KERNELS += np.random.default_rng(5).normal(0, 0.05, KERNELS.shape)
"""One filter for each orientation: lines that lie, stand, fall, rise; a little uneven, so that no two images tie."""
BIAS = np.array([0.5, -0.5, 0.0, -8.0])


def drawn_lines(folder: Path) -> Path:
    """Images with a line in one of four orientations somewhere, the label says which, under a little noise."""
    dice = np.random.default_rng(3)
    for number in range(IMAGES):
        grey = dice.integers(0, 60, (SIDE, SIDE))
        at, kind = int(dice.integers(6, SIDE - 6)), number % 4
        along = np.arange(SIDE)
        across = (np.full(SIDE, at), along, along, SIDE - 1 - along)[kind]
        grey[across, (along, np.full(SIDE, at), along, along)[kind]] = dice.integers(120, 256)
        place = folder / "lines" / ("lying", "standing", "falling", "rising")[kind]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(grey.astype(np.uint8)).save(place / f"{number:02}.png")
    return folder


def orientations() -> Network:
    """The filters on the grey of a picture, at a padding of 2; then ReLU."""
    convolve = nn.Conv2d(3, 4, 5, padding=2)
    with torch.no_grad():
        convolve.weight.copy_(torch.from_numpy(KERNELS / 3)[:, None].expand(-1, 3, -1, -1))
        assert convolve.bias is not None
        convolve.bias.copy_(torch.from_numpy(BIAS))
    return network(nn.Sequential(convolve, nn.ReLU()))
