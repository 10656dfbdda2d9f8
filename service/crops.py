"""The part of an image that a position of a layer sees, cut out of its thumbnail."""

from __future__ import annotations

import io
from typing import NamedTuple

from PIL import Image

from featurelens.jobs.catalog.entries import LayerEntry
from featurelens.service.thumbnails import Format


class Box(NamedTuple):
    """Pixels of the network's input, as far as they lie in it."""

    left: int
    top: int
    right: int
    bottom: int


def seen_by(layer: LayerEntry | None, x: int, y: int, size: tuple[int, int]) -> Box | None:
    """What position (`x`, `y`) sees of a picture of `size`; None: all of it, as where that is not defined."""
    if layer is None or layer.receptive_field is None or layer.stride is None or layer.start is None:
        return None
    spans = []
    for place, field, stride, start, pixels in zip(
        (y, x), layer.receptive_field, layer.stride, layer.start, size, strict=True
    ):
        first = start + stride * place
        spans.append((max(0, first), min(pixels, first + field)))
    (top, bottom), (left, right) = spans
    return Box(left, top, right, bottom) if left < right and top < bottom else None


def cut(webp: bytes, box: Box | None, size: tuple[int, int], format: Format) -> bytes:
    """`box`, in a picture of `size`, of a thumbnail of it."""
    if box is None and format == "webp":
        return webp
    with Image.open(io.BytesIO(webp)) as image:
        down, across = image.height / size[0], image.width / size[1]
        part = image.convert("RGB")
    if box is not None:
        left, top = int(box.left * across), int(box.top * down)
        part = part.crop((left, top, max(left + 1, round(box.right * across)), max(top + 1, round(box.bottom * down))))
    file = io.BytesIO()
    part.save(file, format, **({"quality": 90} if format == "webp" else {}))
    return file.getvalue()
