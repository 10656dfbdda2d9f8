"""Files of attributions as a renderer writes them, of arrays that a test knows."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from safetensors.numpy import save

EXPLAINED: dict[str, Any] = {
    "explained": 2.0,
    "at_baseline": 0.5,
    "baseline": [0.5, 0.5, 0.5],
    "sum": 1.25,
    "completeness_error": 0.25,
    "relative_error": 1 / 6,
    "scale": 0.5,
    "device": "cpu",
}
"""Numbers of one."""


def attribution_file(photograph: NDArray[Any], attribution: NDArray[Any]) -> bytes:
    """`photograph` (H, W, colors) uint8; `attribution` (H, W)."""
    content: bytes = save({"attribution": attribution.astype("<f4"), "photograph": photograph})
    return content
