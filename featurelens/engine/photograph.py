"""A photograph as a network sees it."""

from __future__ import annotations

import torchvision.transforms.v2.functional as transforms
from PIL import Image
from torch import Tensor

from featurelens.engine.network import Network
from featurelens.engine.parameterizations.base import Size


def as_picture(photograph: Image.Image, size: Size, network: Network) -> Tensor:
    """(C, H, W) in [0, 1]: what `network` is shown of a photograph, cut and resized to `size`.

    Its red, green and blue, or its grey, stand in the channels that `network.takes` names; the others are as if there
    was nothing to see (`Preprocessing.neutral`). Raises ValueError where the network takes no photographs.
    """
    if network.takes is None:
        raise ValueError(f"{network.name} takes no photographs: which of its channels are red, green and blue?")
    picture = network.preprocessing.neutral[:, None, None].repeat(1, *size)
    picture[list(network.takes)] = crop_and_resize(photograph, size, len(network.takes))
    return picture


def crop_and_resize(photograph: Image.Image, size: Size, channels: int) -> Tensor:
    """(channels, H, W) in [0, 1]: the largest centred part of the shape of `size`, resized to it (bicubic).

    `channels` is 1 (grey) or 3 (RGB).
    """
    pixels = transforms.pil_to_tensor(photograph.convert("L" if channels == 1 else "RGB")).float() / 255
    height, width = pixels.shape[1:]
    scale = min(height / size[0], width / size[1])
    cut = transforms.center_crop(pixels, [max(1, round(side * scale)) for side in size])
    mode = transforms.InterpolationMode.BICUBIC
    resized: Tensor = transforms.resize(cut, list(size), interpolation=mode, antialias=True)
    return resized.clamp(0, 1)  # bicubic interpolation overshoots
