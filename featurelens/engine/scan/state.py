"""What a part of a scan has gathered: tensors by name, so that it can be kept, compared and put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, Self

from torch import Tensor

State = Mapping[str, Tensor]
"""Integers, and floats that were never added up."""


class Gathered(Protocol):
    """One kind of evidence of some units. `merge` is associative and commutative to the bit."""

    def merge(self, other: Self) -> None:
        """Adds what another part, over other images, has gathered of the same units."""

    def state(self) -> dict[str, Tensor]:
        """All of it."""

    def restore(self, state: State) -> None:
        """Goes on from what `state` returned."""
