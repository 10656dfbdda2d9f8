"""From the PNG of an uploaded photograph to the input of a network."""

from __future__ import annotations

import io

from PIL import Image
from torch import Tensor

from featurelens.engine.network import Network
from featurelens.engine.parameterizations import Size
from featurelens.engine.photograph import as_picture


def decoded(png: bytes, size: Size, network: Network) -> Tensor:
    """(C, H, W) in [0, 1]: the largest centred part of the shape of `size`, resized to it, in the channels it goes to.

    Raises ValueError where the network takes no photographs.
    """
    with Image.open(io.BytesIO(png)) as image:
        return as_picture(image, size, network)
