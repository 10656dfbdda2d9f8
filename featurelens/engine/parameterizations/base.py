"""The contract every parameterization keeps."""

from __future__ import annotations

from typing import ClassVar, Protocol

import torch
from torch import Tensor

Size = tuple[int, int]
"""(height, width) in pixels."""


class Parameterization(Protocol):
    """Immutable and hashable, so that a lane can decode all pictures of one kind in one go.

    Where parameters are shared by the pictures of one render, the first dimension counts renders instead of pictures.
    """

    @property
    def channels(self) -> int:
        """Channels of the picture: those of the network, one more with transparency."""
        ...

    @property
    def transparent(self) -> bool:
        """Whether the last channel is the picture's opacity."""
        ...

    @property
    def learning_rate(self) -> float:
        """The step size that suits these parameters when nobody asks for another."""
        ...

    @property
    def accumulates_mask(self) -> bool:
        """Whether the summed gradient becomes the picture's transparency."""
        ...

    @property
    def opacity(self) -> float:
        """How opaque a transparent picture of these is at the start, above 0 and below 1."""
        ...

    @property
    def steady(self) -> bool:
        """Whether a CPU decodes each of several renders at once as it does alone, to the bit but for the sigmoid."""
        ...

    def start(self, size: Size, pictures: int, generator: torch.Generator) -> tuple[Tensor, ...]:
        """Parameters (pictures, ...) before the first step: float32 on the CPU, drawn from `generator` alone."""
        ...

    def decode(self, parameters: tuple[Tensor, ...], size: Size) -> Tensor:
        """Parameters (B, ...) of one or more renders -> pictures (B, channels, H, W), float32 in [0, 1]."""
        ...


class Plain:
    """What most parameterizations share: pictures are opaque, and the summed gradient is of no use."""

    accumulates_mask: bool = False
    opacity: float = 0.5
    transparent: ClassVar[bool] = False

    @property
    def steady(self) -> bool:
        return False
