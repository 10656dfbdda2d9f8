"""Pictures of kernels, uint8 (height, width, 3). Whatever is shown, zero is mid grey, and the scale is symmetric."""

from __future__ import annotations

import torch
from torch import Tensor

from featurelens.engine.display import displayed
from featurelens.engine.network import Network

GREY = 128
BLANK = 255

Colour = tuple[int, int, int]


def diverging(kernel: Tensor, scale: float, below: Colour, above: Colour) -> Tensor:
    """Of weights (h, w): from the colour `below` at -`scale` over grey to `above` at `scale`."""
    part = _part(kernel, scale)[..., None]
    ends = [torch.tensor(end, dtype=torch.float64) - GREY for end in (above, below)]
    return (GREY + part.clamp(min=0) * ends[0] - part.clamp(max=0) * ends[1]).round().to(torch.uint8)


def colours(kernel: Tensor, scale: float, network: Network) -> Tensor:
    """Of weights over a picture (C, h, w), channel by channel from black at -`scale` over grey to white at `scale`.

    Channels are arranged as pictures of the network show them: three as red, green and blue, one as grey, others as
    tiles.
    """
    ordered = kernel.flip(0) if network.preprocessing.reverse else kernel
    pixels = (127.5 + 127.5 * _part(ordered, scale)).round().to(torch.uint8).permute(1, 2, 0)[None]
    shown = displayed(pixels, network.shows, network.preprocessing.channels)[0]
    return shown.expand(-1, -1, 3) if shown.shape[-1] == 1 else shown


def tiles(pictures: list[Tensor | None], side: int) -> Tensor:
    """(n, S, S, 3): each enlarged as often as it fits into `side`, pixel by pixel, in the middle of white; None: blank.

    S is `side`, or more where a picture is larger.
    """
    sizes = [max(one.shape[:2]) for one in pictures if one is not None]
    side = max([side, *sizes])
    sheet = torch.full((len(pictures), side, side, 3), BLANK, dtype=torch.uint8)
    for place, one in enumerate(pictures):
        if one is not None:
            times = side // max(one.shape[:2])
            large = one.repeat_interleave(times, 0).repeat_interleave(times, 1)
            top, left = (side - large.shape[0]) // 2, (side - large.shape[1]) // 2
            sheet[place, top : top + large.shape[0], left : left + large.shape[1]] = large
    return sheet


def _part(weights: Tensor, scale: float) -> Tensor:
    """-1 to 1."""
    return (weights / scale).clamp(-1, 1) if scale else torch.zeros_like(weights)
