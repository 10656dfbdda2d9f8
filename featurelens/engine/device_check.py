"""Whether this process still computes on its device.

Some libraries never get over an error: oneDNN makes no primitive any more in a thread in which memory was once too
short for the machine code of one (seen with bfloat16 and AMX), and a CUDA context is lost with its first illegal
access.
"""

from __future__ import annotations

import itertools

import torch

_WIDTHS = itertools.count(5)


class DeviceLost(Exception):
    """Nothing can be computed in this process any more; in another one it may."""


def check(device: torch.device, dtype: torch.dtype) -> None:
    """Computes a convolution of a shape that has not been there, for which new code is made. Raises `DeviceLost`."""
    try:
        shown = torch.zeros(1, 3, 4, next(_WIDTHS), dtype=dtype, device=device)
        torch.nn.functional.conv2d(shown, shown.new_zeros(8, 3, 3, 3)).sum().item()
    except (RuntimeError, MemoryError) as error:
        raise DeviceLost(f"the device computes no more in this process: {error}") from error
