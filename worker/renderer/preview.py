"""Previews: the picture of the current step, scaled down."""

from __future__ import annotations

import torch
from torch.nn.functional import interpolate

from featurelens.engine import compositing
from featurelens.engine.display import GAP, displayed, grid
from featurelens.engine.lane import Lane
from featurelens.engine.optimization import Optimization
from featurelens.engine.step import as_bytes, channels_last
from featurelens.worker.protocol import Preview

LONGEST = 192
"""Pixels of the longer side, at most."""


@torch.no_grad()
def preview(lane: Lane, optimization: Optimization) -> tuple[Preview, bytes]:
    """The first picture of `optimization` at its current step, composited over grey where it is transparent."""
    channels, display = lane.network.preprocessing.channels, lane.network.shows
    picture = compositing.current(optimization)[:1].float()
    opaque = compositing.over_grey(picture, channels)
    tiles = zip(grid(display, channels), lane.size, strict=True)
    scale = min(1.0, *((LONGEST - (count - 1) * GAP) / (count * side) for count, side in tiles))
    small = interpolate(opaque, [max(1, round(side * scale)) for side in lane.size], mode="area")
    pixels = displayed(channels_last(as_bytes(small)), display, channels)[0]
    height, width, shown = pixels.shape
    return Preview(step=optimization.step, height=height, width=width, channels=shown), pixels.numpy().tobytes()
