"""How many images of a scan go through the network at once."""

from __future__ import annotations

MOST = {"cpu": 16, "cuda": 64}
_OPERATIONS = {"cpu": 2.5e11, "cuda": 1e13}
"""In one pass, as estimated: a second or two on a few cores. Everybody else's jobs wait for it."""
_PATCH = 16 * 16
"""A parameter is used about once for every patch of so many pixels, in convolutional networks as in transformers."""


def rows(parameters: int, size: tuple[int, int], device: str) -> int:
    """Follows from the number of parameters, size and kind of device (``cpu``, ``cuda``) alone: bits depend on it.

    Of ResNet-50 at 224x224 this takes 9.8 billion operations an image for what are 8.2.
    """
    each = 2 * parameters * max(1, size[0] * size[1] // _PATCH)
    return max(1, min(MOST[device], int(_OPERATIONS[device] / max(1, each))))
