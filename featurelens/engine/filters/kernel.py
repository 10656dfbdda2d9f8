"""Weights over the channels of a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from featurelens.engine.filters.tape import Value


class NotFollowed(Exception):
    """Why nobody can tell where a value's channels come from."""


@dataclass(frozen=True, eq=False)
class Kernel:
    """`weights` (C, h, w), float64, over the channels of `value` along `axis`; what is summed up also has a `bias`.

    `spatial` once it has gone through weights: until then it is one position. `whole`: it covers the feature map and
    does not slide.
    """

    value: Value
    axis: int
    weights: Tensor
    bias: float = 0.0
    spatial: bool = False
    whole: bool = False


def source_of(value: Value) -> Value:
    """The one value it was made of. Raises `NotFollowed` where it is another's, too."""
    found = list(dict.fromkeys(value.sources))
    if len(found) != 1:
        raise NotFollowed(f"{value.function} of {len(found)} values")
    return found[0]


def pair(size: Any) -> tuple[int, int]:
    """Height and width of what PyTorch takes as one number or two."""
    if isinstance(size, int):
        return size, size
    height, width = size if len(size) == 2 else (size[0], size[0])
    return int(height), int(width)
