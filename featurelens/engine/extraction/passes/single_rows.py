"""Convolutions that do to one row, bit for bit, what they do to each of several.

In float32 torch hands a single small picture to an implementation of its own (`ConvParams::use_mkldnn` in
aten/src/ATen/native/Convolution.cpp), which sums in another order. Beside a row of zeros it is handed to the usual one.
Measured: docs/experiments/company.md.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from featurelens.engine.extraction.passes.stem import Stem

SMALL = 20480
"""Numbers in a picture up to which torch does so."""


def pad_single_rows(module: nn.Module) -> None:
    """Every convolution in `module`, in place."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | Stem):
            # What listens to the module goes on hearing one row.
            setattr(part, "forward", _beside_nothing(part.forward))  # noqa: B010 (mypy: a method)


def _beside_nothing(convolve: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    def forward(value: Tensor) -> Tensor:
        alone = value.dim() == 4 and len(value) == 1 and value.numel() <= SMALL and value.dtype == torch.float32
        return convolve(torch.cat([value, torch.zeros_like(value)]))[:1] if alone else convolve(value)

    return forward
