"""Two ways through one network, compared: values at the wanted layers, gradients with respect to the picture.

How the tolerances were measured: docs/decisions/0015-the-network-is-the-authors.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from featurelens.engine.extraction.hooks import Reading
from featurelens.engine.parameterizations import Size

_CHANNEL, _LAYER = 5e-3, 2e-4
"""Rounding in float32: how far a channel may be off, as a part of what it says and of what its layer says (root mean
squares; measured at most: 1.8e-3 and 1.8e-5)."""
_GRADIENT = 0.1
"""How far a gradient may be off in float32, as a part of its length: a rectifier at its edge that opens or shuts is a
jump (measured at most: 0.04)."""
_LAYER_16, _COSINE_16 = 0.3, 0.5
"""In bfloat16: how far a layer may be off, as a part of what it says (measured: 0.02, in deep networks without training
0.1), and the least cosine between gradients (measured: 0.81; what is 0.3 is noise that grew from layer to layer)."""


@dataclass(frozen=True)
class Observation:
    """What was read of each layer, and the gradient of a random mixture of it."""

    readings: Mapping[str, Reading]
    gradients: Mapping[str, Tensor]


def pictures(channels: int, size: Size, device: torch.device) -> Tensor:
    """(2, channels, H, W) in [0, 1], always the same: white noise, and coarse noise that deep layers hear more of."""
    generator = torch.Generator().manual_seed(0)
    white = torch.rand((1, channels, *size), generator=generator)
    coarse = torch.rand((1, channels, 8, 8), generator=generator)
    return torch.cat([white, F.interpolate(coarse, size=size, mode="bilinear")]).to(device)


def observe(read: Callable[[Tensor], Mapping[str, Reading]], shown: Tensor) -> Observation:
    """`read` takes pictures (B, C, H, W) in [0, 1]."""
    shown = shown.clone().requires_grad_(True)
    readings = read(shown)
    generator = torch.Generator().manual_seed(1)
    gradients = {}
    for layer, reading in readings.items():
        parts = [part.float() for part in reading if part is not None]
        score = torch.stack([(part * torch.randn(part.shape, generator=generator).to(part)).sum() for part in parts])
        gradient = None
        if score.requires_grad:
            (gradient,) = torch.autograd.grad(score.sum(), shown, retain_graph=True, allow_unused=True)
        gradients[layer] = torch.zeros_like(shown) if gradient is None else gradient
    return Observation({name: _detached(reading) for name, reading in readings.items()}, gradients)


def fault(found: Observation, truth: Observation, dtype: torch.dtype) -> str:
    """What is beyond rounding in `dtype`, as what a network "does" (or ""). What is not finite tells nothing."""
    missed = values_fault(found.readings, truth.readings, dtype)
    if missed:
        return missed
    for layer, expected in truth.gradients.items():
        gradient = found.gradients[layer].double().flatten()
        expected = expected.double().flatten()
        if not bool(expected.isfinite().all()):
            continue
        length = expected.norm()
        if dtype == torch.float32:
            near = (gradient - expected).norm() <= _GRADIENT * length
        else:
            near = gradient @ expected >= _COSINE_16 * gradient.norm() * length
        if not bool(near):
            return f"has another gradient at {layer}"
    return ""


def values_fault(found: Mapping[str, Reading], truth: Mapping[str, Reading], dtype: torch.dtype) -> str:
    """As `fault`, of the values and pre-activations alone."""
    for layer, reading in truth.items():
        for what, value, expected in zip(("answers", "is rectified"), found[layer], reading, strict=True):
            if value is None and expected is None:
                continue
            if value is None or expected is None or value.shape != expected.shape or _apart(value, expected, dtype):
                return f"{what} otherwise at {layer}"
    return ""


def _apart(value: Tensor, expected: Tensor, dtype: torch.dtype) -> bool:
    if not bool(expected.isfinite().all()):
        return False
    own, off = _channels(expected), _channels(value) - _channels(expected)
    if dtype == torch.float32:
        near = _rms(off, 1) <= _CHANNEL * _rms(own, 1) + _LAYER * _rms(own)
    else:
        near = _rms(off) <= _LAYER_16 * _rms(own)
    return not bool(near.all())


def _channels(value: Tensor) -> Tensor:
    """(C, values of each); channels are the second of two or four dimensions, the last of three."""
    axis = 1 if value.dim() in (2, 4) else -1
    return value.double().movedim(axis, 0).flatten(1) if value.dim() > 1 else value.double().view(1, -1)


def _rms(value: Tensor, *axes: int) -> Tensor:
    return value.square().mean(axes or tuple(range(value.dim()))).sqrt()


def _detached(reading: Reading) -> Reading:
    return Reading(reading.value.detach(), None if reading.before is None else reading.before.detach())
