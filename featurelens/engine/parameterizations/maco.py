"""MaCo: the magnitudes of the spectrum are those of natural pictures and stay; only the phases are optimized."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import load_file
from torch import Tensor

from featurelens.engine.color import correlate
from featurelens.engine.parameterizations.base import Size
from featurelens.engine.parameterizations.spectrum import frequencies


@dataclass(frozen=True)
class MaCo:
    """Fel et al. 2023 (NeurIPS), "Unlocking feature visualization for deeper networks with magnitude constrained
    optimization": sigmoid(correlate(standardized irfft2(magnitude * exp(i phase)))).

    `template` is a file made by `engine.magnitude` from a folder of photographs; None is the 1/f law that their
    mean follows closely. Pictures carry their transparency: the summed gradient shows where the network looked.
    """

    channels: int = 3
    template: Path | None = None
    contrast: float = 1.5
    learning_rate: float = 1.0
    accumulates_mask: bool = True
    opacity: float = 0.5
    transparent: ClassVar[bool] = False
    steady: ClassVar[bool] = False

    def start(self, size: Size, pictures: int, generator: torch.Generator) -> tuple[Tensor, ...]:
        height, width = size
        phases = torch.rand((pictures, self.channels, height, width // 2 + 1), generator=generator)
        return ((phases * 2 - 1) * torch.pi,)

    def decode(self, parameters: tuple[Tensor, ...], size: Size) -> Tensor:
        (phase,) = parameters
        magnitude = _magnitude(size, self.channels, self.template).to(phase)
        picture = torch.fft.irfft2(torch.polar(magnitude.expand_as(phase), phase), s=size)
        centred = picture - picture.mean((2, 3), keepdim=True)
        spread = centred.square().mean((1, 2, 3), keepdim=True).add(1e-8).sqrt()
        return torch.sigmoid(correlate(centred / spread * self.contrast))


@lru_cache(maxsize=16)
def _magnitude(size: Size, channels: int, template: Path | None) -> Tensor:
    """(channels, H, W // 2 + 1), zero at zero frequency: the mean colour carries no shape."""
    distance = frequencies(size, torch.device("cpu"))
    if template is None:
        magnitude = (1 / distance.clamp(min=1 / max(size))).expand(channels, -1, -1).clone()
    else:
        kept = load_file(template)["magnitude"]
        if len(kept) < channels:
            raise ValueError(f"the template has magnitudes of {len(kept)} channels, the picture has {channels}")
        magnitude = F.interpolate(kept[None, :channels], size=distance.shape, mode="bilinear", align_corners=True)[0]
    magnitude[:, 0, 0] = 0
    return magnitude
