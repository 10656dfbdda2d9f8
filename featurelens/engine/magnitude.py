"""The mean magnitude spectrum of photographs, MaCo's template.

`python -m engine.magnitude FOLDER OUT.safetensors` writes one. Any folder of photographs will do; the more there
are, the smoother it gets. Without a template MaCo uses the 1/f law.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from featurelens.engine.color import MATRIX

SIDE = 256


def mean_magnitude(photos: Iterable[Tensor], side: int = SIDE) -> Tensor:
    """(3, side, side // 2 + 1): mean |rfft2| of photographs (3, H, W) in [0, 1], in decorrelated colours.

    Each is cut to its central square, and windowed, since its borders are no part of nature. Raises ValueError when
    there is none.
    """
    window = torch.hann_window(side, periodic=True)
    total, count = torch.zeros(3, side, side // 2 + 1), 0
    for photo in photos:
        height, width = photo.shape[1:]
        edge = min(height, width)
        top, left = (height - edge) // 2, (width - edge) // 2
        square = photo[None, :, top : top + edge, left : left + edge]
        scaled = F.interpolate(square, (side, side), mode="bicubic", antialias=True)[0]
        axes = torch.linalg.solve(MATRIX, (scaled - scaled.mean((1, 2), keepdim=True)).flatten(1)).view(3, side, side)
        total += torch.fft.rfft2(axes * window * window[:, None]).abs()
        count += 1
    if count == 0:
        raise ValueError("there is no photograph to take the magnitudes of")
    return total / count


def _photos(folder: Path) -> Iterable[Tensor]:
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"}:
            with Image.open(path) as image:
                pixels = torch.frombuffer(bytearray(image.convert("RGB").tobytes()), dtype=torch.uint8)
                yield pixels.view(image.height, image.width, 3).permute(2, 0, 1).float() / 255


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    save_file({"magnitude": mean_magnitude(_photos(arguments.folder))}, arguments.out)


if __name__ == "__main__":
    main()
