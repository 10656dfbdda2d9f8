"""The scaled spectrum that the Fourier family shares."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

from worker.engine.parameterizations.base import Size


@lru_cache(maxsize=64)
def frequencies(size: Size, device: torch.device) -> Tensor:
    """(H, W // 2 + 1): distance from zero frequency in cycles per pixel, in the layout of `torch.fft.rfft2`."""
    height, width = size
    rows = torch.fft.fftfreq(height, device=device).unsqueeze(1)
    columns = torch.fft.rfftfreq(width, device=device).unsqueeze(0)
    return torch.hypot(rows, columns)


@lru_cache(maxsize=64)
def falloff(size: Size, decay: float, device: torch.device) -> Tensor:
    """(H, W // 2 + 1): sqrt(h w) / max(f, 1 / max(h, w)) ** decay (lucid, `fft_image`)."""
    distance = frequencies(size, device).clamp(min=1 / max(size))
    scale: Tensor = math.sqrt(math.prod(size)) / distance**decay
    return scale


def synthesize(spectrum: Tensor, size: Size, decay: float) -> Tensor:
    """Real pairs (..., H, W // 2 + 1, 2) -> (..., H, W), unbounded: irfft2(scale * spectrum) / 4."""
    # The quarter is taken of the scale, which is one for all pictures: it is the same to the bit.
    scaled = torch.view_as_complex(spectrum.contiguous()) * (falloff(size, decay, spectrum.device) / 4)
    # Odd widths: the half spectrum alone does not say whether the width was even.
    picture: Tensor = torch.fft.irfft2(scaled, s=size)
    return picture
