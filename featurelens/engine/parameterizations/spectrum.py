"""The scaled spectrum that the Fourier family shares."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

from featurelens.engine.parameterizations.base import Size

_FINE, _FINEST = 0.4, 0.5
TRANSFORMED_ALIKE = 3
"""So many inverse transforms at once, or more, are each the same to the bit (docs/experiments/company.md)."""
_USUAL = 1.25
"""The decay that learning rates were chosen at."""


@lru_cache(maxsize=64)
def frequencies(size: Size, device: torch.device) -> Tensor:
    """(H, W // 2 + 1): distance from zero frequency in cycles per pixel, in the layout of `torch.fft.rfft2`."""
    height, width = size
    rows = torch.fft.fftfreq(height, device=device).unsqueeze(1)
    columns = torch.fft.rfftfreq(width, device=device).unsqueeze(0)
    return torch.hypot(rows, columns)


@lru_cache(maxsize=64)
def falloff(size: Size, decay: float, device: torch.device) -> Tensor:
    """(H, W // 2 + 1): sqrt(h w) / max(f, 1 / max(h, w)) ** decay (lucid, `fft_image`), times `_band`."""
    distance = frequencies(size, device)
    scale: Tensor = math.sqrt(math.prod(size)) / distance.clamp(min=1 / max(size)) ** decay
    return scale * _band(distance)


def _band(distance: Tensor) -> Tensor:
    """1 up to `_FINE` cycles per pixel, falling as a cosine to 0 at `_FINEST`.

    A square grid holds waves along its diagonals that are finer than any along its sides, and strided convolutions
    like the finest best: pictures full of a speckle that nobody can see a pattern in.
    """
    return 0.5 - 0.5 * torch.cos(math.pi * ((_FINEST - distance) / (_FINEST - _FINE)).clamp(0, 1))


@lru_cache(maxsize=64)
def pace(size: Size, decay: float) -> float:
    """The factor on a spectrum of `decay` with which one learning rate and one start suit all; 1 at 1.25.

    A wave of 8 pixels moves as fast at every decay. Where long waves move so much faster that the picture as a whole
    would move 5 times as fast, that is the limit: they would soon leave nothing but black and white
    (docs/experiments/decay.md).
    """
    usual, own = (
        float(falloff(size, each, torch.device("cpu")).double().square().sum().sqrt()) for each in (_USUAL, decay)
    )
    return min(math.pow(8, _USUAL - decay), 5 * usual / own)


def synthesize(spectrum: Tensor, size: Size, decay: float, factor: float = 1.0) -> Tensor:
    """Real pairs (..., H, W // 2 + 1, 2) -> (..., H, W), unbounded: factor * irfft2(scale * spectrum) / 4."""
    # The quarter is taken of the scale, which is one for all pictures: it is the same to the bit.
    scaled = torch.view_as_complex(spectrum.contiguous()) * (falloff(size, decay, spectrum.device) * (factor / 4))
    # Odd widths: the half spectrum alone does not say whether the width was even.
    picture: Tensor = torch.fft.irfft2(scaled, s=size)
    return picture
