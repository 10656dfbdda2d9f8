"""What changes each channel by itself and by fixed numbers alone: batch norm, factors, offsets."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from featurelens.engine.filters.functions import SCALES, SUMS
from featurelens.engine.filters.kernel import NotFollowed
from featurelens.engine.filters.tape import Value

_BATCH_NORM = ("input", "running_mean", "running_var", "weight", "bias")


def channel_scale(value: Value, axis: int) -> tuple[Tensor, Tensor] | None:
    """Factor and offset (C,), float64, of what changes each channel by itself and by fixed numbers alone."""
    if value.function == "batch_norm" and value.call is F.batch_norm:
        _, mean, variance, weight, bias = (value.argument(place, name) for place, name in enumerate(_BATCH_NORM))
        if mean is None or value.argument(5, "training", False):
            raise NotFollowed("batch_norm by the statistics of the picture itself")
        factor = 1 / (number(variance) + value.argument(7, "eps", 1e-5)).sqrt()
        factor = factor if weight is None else factor * number(weight)
        offset = -number(mean) * factor
        return factor, offset if bias is None else offset + number(bias)
    if value.function in SCALES and len(value.sources) == 1:
        one, two = value.operands
        other = two if value.sources[0] is one else one
        if value.function.endswith(("div", "divide")):
            if value.sources[0] is not one:
                raise NotFollowed("division by a value of the picture")
            return 1 / (factor := _factor(other, value, axis)), torch.zeros_like(factor)
        factor = _factor(other, value, axis)
        return factor, torch.zeros_like(factor)
    if value.function in SUMS and len(value.sources) == 1:
        one, two = value.operands
        first = value.sources[0] is one
        sign = -1.0 if value.function.endswith("sub") else 1.0
        offset = _offset(two if first else one, value, axis)
        alpha = value.kwargs.get("alpha", 1.0)
        own, others = (1.0, sign * alpha) if first else (sign * alpha, 1.0)
        return torch.full_like(offset, own), offset * others
    return None


def fixed(value: Value) -> Tensor:
    """What no picture changes, as it is. Raises `NotFollowed` for what the picture decides."""
    if value.constant is None:
        raise NotFollowed(f"weights that the picture decides ({value.function})")
    return value.constant.detach().cpu()


def number(value: Any) -> Tensor:
    """A fixed tensor or number in float64. Raises `NotFollowed` for what the picture decides."""
    if isinstance(value, Value):
        return fixed(value).double()
    return torch.tensor(float(value), dtype=torch.float64)


def _factor(other: Any, value: Value, axis: int) -> Tensor:
    """(C,). Raises `NotFollowed` for what differs from position to position."""
    factors = _positions(other, value, axis)
    if bool((factors != factors[:, :1]).any()):
        raise NotFollowed(f"{value.function} by what differs from position to position")
    return factors[:, 0]


def _offset(other: Any, value: Value, axis: int) -> Tensor:
    """(C,): the mean over all positions, as of position embeddings."""
    return _positions(other, value, axis).mean(1)


def _positions(other: Any, value: Value, axis: int) -> Tensor:
    """(C, positions) of what is broadcast to `value`."""
    return number(other).expand(value.shape).movedim(axis, 0).flatten(1)
