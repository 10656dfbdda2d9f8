"""An attribution as a picture, in the colors of feature maps: orange pixels raised the unit, blue ones lowered it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PIL import Image

from featurelens.jobs.catalog.entries import LayerEntry
from featurelens.jobs.store.map_file import MapFile
from featurelens.service.geometry import Geometry
from featurelens.service.map_pictures import Plane, drawn, encoded, laid_over, photograph_in

DRAWING = 2
"""Rises when the same attribution is drawn otherwise: pictures are kept."""

_PIXELS = LayerEntry(name="pixels", type="picture", kind="spatial", channels=1)
"""The picture as a layer: each of its positions lies where it is."""


@dataclass(frozen=True)
class AttributionLook:
    """How an attribution is to be shown."""

    over: Literal["photo"] | None
    width: int | None
    format: Literal["png", "webp"]


def picture(file: MapFile, scale: float, look: AttributionLook) -> bytes:
    """Of a file of the kind `attribution`: the darkest colors stand for plus and minus `scale`. Blocks."""
    height, width = file.shape("attribution")
    plane = Plane(file.array("attribution"), height, width, scale)
    image: Image.Image
    if look.over:
        geometry = Geometry(_PIXELS, (height, width), (height, width))
        image = laid_over(plane, photograph_in(file), geometry, look.width)
    else:
        image = drawn(plane, look.width, (height, width))
    return encoded(image, look.format)
