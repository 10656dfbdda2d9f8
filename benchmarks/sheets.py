"""Contact sheets of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from torch import Tensor

from featurelens.jobs.contact_sheet import contact_sheet


def save_sheet(pictures: Sequence[Tensor], path: Path, columns: int, side: int | None = None) -> None:
    """Writes a PNG of `pictures` (C, H, W) in [0, 1], all of one size, each scaled to a width of `side` pixels."""
    if side is not None:
        height, width = pictures[0].shape[1:]
        shape = (round(height * side / width), side)
        pictures = list(F.interpolate(torch.stack(list(pictures)), shape, mode="bicubic", antialias=True).clamp(0, 1))
    height, width = pictures[0].shape[1:]
    path.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet([_image(picture) for picture in pictures], width, height, columns).save(path, optimize=True)


def _image(picture: Tensor) -> Image.Image:
    """An RGB image, or a grey one of one channel."""
    return Image.fromarray((picture * 255).round().to(torch.uint8).permute(1, 2, 0).squeeze(2).numpy())
