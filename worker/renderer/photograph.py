"""From the PNG of an uploaded photograph to the input of a network."""

from __future__ import annotations

import io

from PIL import Image
from torch import Tensor

from featurelens.engine.parameterizations import Size
from featurelens.engine.photograph import crop_and_resize


def decoded(png: bytes, size: Size, channels: int) -> Tensor:
    """(channels, H, W) in [0, 1]: the largest centred part of the shape of `size`, resized to it."""
    with Image.open(io.BytesIO(png)) as image:
        return crop_and_resize(image, size, channels)
