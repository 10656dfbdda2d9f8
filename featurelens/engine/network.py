"""A trained network made ready to be looked into: frozen, in evaluation mode, with its own preprocessing."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from torch import Tensor, nn

from featurelens.engine.display import Channels, Display, display_of, photograph_of


@dataclass(frozen=True)
class Preprocessing:
    """From a picture in [0, 1] to what the network was trained on: scaled to [low, high], then (x - mean) / std.

    `reverse` says that the network takes its channels the other way round (BGR); mean and std are in its own order.
    """

    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    low: float = 0.0
    high: float = 1.0
    reverse: bool = False

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.std) or any(value <= 0 for value in self.std):
            raise ValueError("mean and std need one value per input channel, std above 0")

    @property
    def channels(self) -> int:
        return len(self.mean)

    @property
    def neutral(self) -> Tensor:
        """(C,) in [0, 1]: the values of a picture that come out as zero, or as near to it as any."""
        values = (torch.tensor(self.mean) - self.low) / (self.high - self.low)
        return (values.flip(0) if self.reverse else values).clamp(0, 1)

    def __call__(self, picture: Tensor) -> Tensor:
        """(B, C, H, W) in [0, 1] -> (B, C, H, W) as the network takes it, same dtype."""
        picture = picture.flip(1) if self.reverse else picture
        # One multiplication and one addition, whatever there is to do: the picture is large, these are not.
        factor, offset = _scale(self, picture.dtype, picture.device)
        return torch.addcmul(offset, picture, factor)


@lru_cache(maxsize=64)
def _scale(preprocessing: Preprocessing, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    """(1, C, 1, 1) each: by what a picture is multiplied, and what is added to that; sent to a device once."""
    std = torch.tensor(preprocessing.std, dtype=dtype, device=device).view(1, -1, 1, 1)
    mean = torch.tensor(preprocessing.mean, dtype=dtype, device=device).view(1, -1, 1, 1)
    return (preprocessing.high - preprocessing.low) / std, (preprocessing.low - mean) / std


IMAGENET = Preprocessing((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def out_of_place(module: nn.Module) -> None:
    """Modules that would write over their input hand out a value of their own instead."""
    for child in module.modules():
        if getattr(child, "inplace", False) is True:
            setattr(child, "inplace", False)  # noqa: B010


@dataclass(frozen=True)
class Network:
    """`module` takes (B, C, H, W) as `preprocessing` leaves it; float32, evaluation mode, parameters frozen.

    Nothing else is changed in it: it is the author's, and what is told of it is read from it as it is.
    """

    name: str
    module: nn.Module
    preprocessing: Preprocessing
    digest: str = ""
    labels: tuple[str, ...] | None = None
    sha256: str | None = None
    """64 hex digits of the file of weights as it was measured when loaded."""
    channels_last: frozenset[str] = frozenset()
    """Names of the layers that answer with (B, H, W, C)."""
    layouts: Mapping[str, str] = field(default_factory=dict, compare=False)
    """The order of the axes of layers that answer in another than (B, C, H, W), (B, H, W, C), (B, T, C) or (B, C), by
    name and in these letters, such as ``TBC``."""
    channels: Mapping[str, int] = field(default_factory=dict, compare=False)
    """How many units each layer has, by name."""
    classes_layer: str | None = field(default=None, compare=False)
    """The layer with one channel per class."""
    notes: tuple[str, ...] = field(default=(), compare=False)
    """What had to be done to its weights when they were loaded, in plain words."""
    display: Display | None = None
    """Which channels a picture shows; left out, `usual_display`."""
    photograph: Channels | None = None
    """The channels that the grey of a photograph goes to, or its red, green and blue; left out, `usual_photograph`."""

    def __post_init__(self) -> None:
        self.module.eval().requires_grad_(False)

    @property
    def shows(self) -> Display:
        """What a picture shows."""
        return display_of(self.preprocessing.channels, self.display)

    @property
    def takes(self) -> Channels | None:
        """Where a photograph goes; None: the network takes none."""
        return photograph_of(self.preprocessing.channels, self.shows, self.photograph)

    @property
    def parameters(self) -> int:
        """How many there are."""
        return sum(parameter.numel() for parameter in self.module.parameters())

    @property
    def bytes(self) -> int:
        """Memory of its weights."""
        values = itertools.chain(self.module.parameters(), self.module.buffers())
        return sum(value.numel() * value.element_size() for value in values)
