"""Contact sheets of pictures, for eyes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from torch import Tensor


def save_sheet(pictures: Sequence[Tensor], path: Path, columns: int, gap: int = 4, side: int | None = None) -> None:
    """`pictures` (C, H, W) in [0, 1], all of one size, side by side as PNG; scaled to `side` pixels wide."""
    if side is not None:
        height, width = pictures[0].shape[1:]
        shape = (round(height * side / width), side)
        pictures = list(F.interpolate(torch.stack(list(pictures)), shape, mode="bicubic", antialias=True).clamp(0, 1))
    height, width = pictures[0].shape[1:]
    rows = -(-len(pictures) // columns)
    sheet = torch.ones(3, rows * (height + gap) - gap, columns * (width + gap) - gap)
    for number, picture in enumerate(pictures):
        top, left = (number // columns) * (height + gap), (number % columns) * (width + gap)
        sheet[:, top : top + height, left : left + width] = picture
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((sheet * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()).save(path, optimize=True)
