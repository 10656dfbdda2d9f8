"""The contract every parameterization keeps."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

Size = tuple[int, int]
"""(height, width) in pixels."""


class Parameterization(Protocol):
    """Immutable and hashable, so that a lane can decode all pictures of one kind in one go."""

    @property
    def channels(self) -> int:
        """Colour channels of the picture: 1 or 3."""
        ...

    @property
    def learning_rate(self) -> float:
        """The step size that suits these parameters when nobody asks for another."""
        ...

    def start(self, size: Size, generator: torch.Generator) -> tuple[Tensor, ...]:
        """Parameters of one picture before the first step: float32 on the CPU, drawn from `generator` alone."""
        ...

    def decode(self, parameters: tuple[Tensor, ...], size: Size) -> Tensor:
        """Stacked parameters (B, ...) -> pictures (B, channels, H, W), float32 in [0, 1]."""
        ...
