"""In which order a layer's axes stand, as letters: B pictures, C channels, H rows, W columns, T tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

ChannelOrder = Literal["channels_first", "channels_last"]

USUAL = ("BC", "BTC", "BCHW", "BHWC")
"""What a layer's kind and extent tell without a word."""

_POSITIONS = {2: "", 3: "T", 4: "HW"}
"""By the number of dimensions: what there is besides pictures and channels."""


class Unclear(Exception):
    """A layer that cannot be read as channels and positions; the message says why, without naming it."""


def layout(
    small: Sequence[int],
    large: Sequence[int],
    batches: tuple[int, int],
    channel_axis: int | None,
    stated: ChannelOrder | None = None,
) -> str:
    """``BCHW``, ``BHWC``, ``BTC``, ``BCT``, ``TBC``, ``BC`` and so on.

    `small` and `large` are the layer's shapes in two runs with as many pictures as `batches` says, `channel_axis` is
    where its channels are, if that is known, `stated` where the operator says they are. Raises `Unclear`.
    """
    if len(small) not in _POSITIONS or len(small) != len(large):
        raise Unclear("answers with one number a picture" if len(small) == 1 else f"has {len(small)} dimensions")
    grown = [axis for axis, (one, other) in enumerate(zip(small, large, strict=True)) if one != other]
    if not grown:
        raise Unclear("answers the same however many pictures there are")
    if len(grown) > 1 or (small[grown[0]], large[grown[0]]) != batches:
        raise Unclear("has no axis of its own for pictures")
    rest = [axis for axis in range(len(small)) if axis != grown[0]]
    if len(rest) == 1:
        channel_axis = rest[0]
    elif stated is not None:
        channel_axis = rest[0] if stated == "channels_first" else rest[-1]
    if channel_axis not in rest:
        raise Unclear("has its channels in an axis that is not known; say it in layouts of model.json")
    positions = iter(_POSITIONS[len(small)])
    named = {grown[0]: "B", channel_axis: "C"}
    return "".join(named.get(axis) or next(positions) for axis in range(len(small)))
