"""Previews: the picture of the current step, scaled down."""

from __future__ import annotations

import torch
from torch.nn.functional import interpolate

from featurelens.engine import compositing
from featurelens.engine.lane import Lane
from featurelens.engine.optimization import Optimization
from featurelens.worker.protocol import Preview

LONGEST = 192
"""Pixels of the longer side, at most."""


@torch.no_grad()
def preview(lane: Lane, optimization: Optimization) -> tuple[Preview, bytes]:
    """The first picture of `optimization` at its current step, composited over grey where it is transparent."""
    picture = compositing.decode([optimization], lane.size).each[0][:1].float()
    opaque = compositing.over_grey(picture, lane.network.preprocessing.channels)
    scale = min(1.0, LONGEST / max(lane.size))
    height, width = (max(1, round(side * scale)) for side in lane.size)
    small = interpolate(opaque, (height, width), mode="area")
    pixels = (small[0].permute(1, 2, 0) * 255).round().clamp(0, 255).to(torch.uint8).contiguous().cpu()
    message = Preview(step=optimization.step, height=height, width=width, channels=pixels.shape[2])
    return message, pixels.numpy().tobytes()
