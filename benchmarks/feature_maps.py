"""The README's feature maps: four patterns drawn side by side, and where units of patternnet fire on them."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from featurelens.engine.layer_maps import layer_maps
from featurelens.jobs.contact_sheet import contact_sheet
from featurelens.service.geometry import Geometry
from featurelens.service.map_pictures import Plane, drawn, laid_over
from featurelens.worker.models.patternnet.patterns import LABELS, images
from featurelens.worker.models.registry import Registry

DRAWN = ("rings", "checks", "bricks", "stripes 45 coarse")
"""From the top left to the bottom right."""

SIDE = 80
"""Pixels of a pattern."""

SHOWN = 160


def save_maps(registry: Registry, path: Path) -> None:
    """The picture; the map of the class rings, alone and over it; those of three other classes; a neuron and its field.

    The neuron is the one that fires most in conv4.
    """
    network = registry.load("patternnet")
    entries = {entry.name: entry for entry in registry.describe("patternnet")}
    picture = patchwork()
    photograph = Image.fromarray((picture.permute(1, 2, 0) * 255).round().to(torch.uint8).numpy())
    size = (picture.shape[1], picture.shape[2])
    classes = layer_maps(network, picture, "logits").activation
    geometry = Geometry(entries["logits"], (classes.shape[1], classes.shape[2]), size)
    units = [LABELS.index(name) for name in DRAWN]
    largest = float(classes[units].abs().amax())
    planes = [_plane(classes[unit], largest) for unit in units]
    tiles = [photograph.resize((SHOWN, SHOWN), Image.Resampling.NEAREST), drawn(planes[0], None, (SHOWN, SHOWN))]
    tiles += [laid_over(plane, photograph, geometry, SHOWN) for plane in planes]
    maps = layer_maps(network, picture, "conv4").activation
    channel, y, x = (int(place) for place in torch.unravel_index(maps.argmax(), maps.shape))
    fields = Geometry(entries["conv4"], (maps.shape[1], maps.shape[2]), size)
    tiles.append(laid_over(_plane(maps[channel], float(maps[channel].amax())), photograph, fields, SHOWN, (x, y)))
    contact_sheet(tiles, SHOWN, SHOWN, len(tiles)).save(path, optimize=True)


def patchwork() -> Tensor:
    """(3, 2 * SIDE, 2 * SIDE) in [0, 1]."""
    labels = torch.tensor([LABELS.index(name) for name in DRAWN])
    parts = images(labels, SIDE, SIDE, torch.Generator().manual_seed(11))
    return torch.cat([torch.cat([parts[0], parts[1]], 2), torch.cat([parts[2], parts[3]], 2)], 1)


def _plane(values: Tensor, largest: float) -> Plane:
    return Plane(values.contiguous().numpy().astype("<f4").tobytes(), values.shape[0], values.shape[1], largest)
