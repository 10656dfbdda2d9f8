"""A learned prior that comes with the network: its batch norms remember how natural pictures look to every channel.

A picture whose channels have other means or larger spreads than photographs had during training is one that no
photograph resembles, however much it raises the unit. The distance is that of DeepInversion (Yin et al. 2020, "Dreaming
to Distill"), in the layer's own units and of single pictures instead of a batch, so that less spread is forgiven.
Networks without batch norm remember nothing, and nothing is asked of their pictures.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

_EPSILON = 1e-6
_FLOOR = 0.1
"""Of a layer's mean spread: channels that hardly ever spoke would drown all others."""
_EARLY = 0.5
"""The part of the batch norms that nobody listens to: what they see are no whole things that could look natural, and
at their size listening is dear (docs/quality.md, docs/experiments/speed.md)."""
_LEEWAY = 0.3
"""Spreads by which a mean may be off: single photographs differ from the mean over all of them, and a picture that may
not shows in some corner what it lacks, as loud as it takes."""


class BatchNormStatistics:
    """`norms` tells which module answers for which batch norm: itself, or the convolution that it is folded into.

    They are in the order of the network, of which `whole` is the number of all batch norms, also behind the layers that
    are read. `overwritten` says that the network may write over what they answer.
    """

    def __init__(self, norms: Mapping[nn.Module, nn.BatchNorm2d], whole: int, overwritten: bool = False) -> None:
        self._whole = whole
        self._overwritten = overwritten
        self._early = int(_EARLY * whole)
        self._expected: dict[nn.Module, tuple[Tensor, ...]] = {
            module: _expected(norm) for module, norm in itertools.islice(norms.items(), self._early, None)
        }
        self._recorded: list[tuple[Tensor, ...]] = []

    def __bool__(self) -> bool:
        return bool(self._expected)

    @contextmanager
    def recording(self) -> Iterator[None]:
        """While active, what passes is compared with what is remembered."""
        self._recorded = []
        handles = [module.register_forward_hook(self._hook) for module in self._expected]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def distance(self) -> Tensor | None:
        """(B,), differentiable: how far the pictures last listened to are from what is remembered; 0 is not at all.

        Mean over the layers recorded of the mean over channels of max(0, |mean - mean'| / spread' - 0.3)^2 +
        max(0, spread / spread' - 1)^2, times the square of the part of the network that was passed, so that the first
        layers recorded hardly hold their own units down. None where the pass went through none that is listened to.
        """
        recorded, self._recorded = self._recorded, []
        if not recorded:
            return None
        # All channels of all layers side by side: a few large operations instead of many small ones.
        mean, square, usual, spread, weight = (torch.cat(parts, -1) for parts in zip(*recorded, strict=True))
        deviation = (square - mean.square()).clamp(min=0).add(_EPSILON).sqrt()
        # Silence is no distance: a picture of one thing shows no others, and must not be made to in some corner.
        louder = (deviation / spread - 1).clamp(min=0)
        apart = ((mean - usual).abs() / spread - _LEEWAY).clamp(min=0)
        distance = apart.square() + louder.square()
        passed = (self._early + len(recorded)) / self._whole
        return distance @ weight * (passed**2 / len(recorded))

    def _hook(self, module: nn.Module, _inputs: Any, output: Tensor) -> None:
        usual, spread, weight = self._expected[module] = tuple(t.to(output.device) for t in self._expected[module])
        moments = Moments.apply(output.clone() if self._overwritten else output)
        self._recorded.append((*moments, usual, spread, weight))


class Moments(torch.autograd.Function):
    """(B, C, H, W) of any precision -> mean and mean square (B, C) in float32, in one pass back."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(value)
        count = value.shape[2] * value.shape[3]
        # Widened once: a sum in another precision makes a copy as well, and a norm takes seven times as long.
        wide = value.float()
        return wide.sum((2, 3)) / count, wide.square().sum((2, 3)) / count

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (value,) = ctx.saved_tensors
        count = value.shape[2] * value.shape[3]
        mean, square = ((gradient / count).to(value.dtype)[:, :, None, None] for gradient in gradients)
        return torch.addcmul(mean, value, square, value=2)


def _expected(norm: nn.BatchNorm2d) -> tuple[Tensor, ...]:
    """(C,) each: mean and spread of what a batch norm answers to the pictures it was trained on, which are its own bias
    and weight; and how much a channel counts in the mean over its layer.
    """
    count = norm.num_features
    mean = torch.zeros(count) if norm.bias is None else norm.bias.detach().float().cpu()
    spread = torch.ones(count) if norm.weight is None else norm.weight.detach().float().abs().cpu()
    return mean, spread.clamp(min=_FLOOR * float(spread.mean())), torch.full((count,), 1 / count)
