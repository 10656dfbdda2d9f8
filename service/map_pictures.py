"""Feature maps as pictures: white is zero, orange above it, blue below, both as far as one scale goes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from featurelens.jobs.contact_sheet import contact_sheet
from featurelens.jobs.palette import BLUE, ORANGE, WHITE, Color
from featurelens.jobs.store.map_file import MapFile
from featurelens.service.geometry import Box, Geometry

CELL, FIELD = (0, 0, 0), (0, 158, 115)
"""Frames of a position and of its receptive field."""

ZERO = 127
"""Of the levels 0 to 254 that a number is rounded to: zero is one of them, and as many lie above as below."""

OPACITY = 0.85
"""Of the strongest color laid over a photograph."""

DARKEST = 80
"""Of the grey photograph below: on black, no color shows."""

_EDGE = (217, 217, 217)

_PALETTE = [
    round(white + (end - white) * abs(level) / ZERO)
    for level in [*range(-ZERO, ZERO + 1), ZERO]
    for white, end in zip(WHITE, ORANGE if level > 0 else BLUE, strict=True)
]
_PLAIN = [part for level in range(256) for part in (ORANGE if level > ZERO else BLUE)]
_ALPHA = [round(255 * OPACITY * min(abs(level - ZERO), ZERO) / ZERO) for level in range(256)]


@dataclass(frozen=True)
class Plane:
    """One map: `content` is float32, little-endian, row by row; `largest` is what the darkest colors stand for."""

    content: bytes
    height: int
    width: int
    largest: float

    def levels(self) -> Image.Image:
        """0 to 254 in a picture of a pixel a position."""
        size = (self.width, self.height)
        if not self.largest:
            return Image.new("L", size, ZERO)
        numbers = Image.frombytes("F", size, self.content, "raw", "F;32F")
        factor = ZERO / self.largest
        return numbers.point(lambda number: number * factor + (ZERO + 0.5)).convert("L")


def photograph_in(file: MapFile) -> Image.Image:
    """What the network was shown. Blocks."""
    height, width, channels = file.shape("photograph")
    return Image.frombytes("L" if channels == 1 else "RGB", (width, height), file.array("photograph"))


def drawn(plane: Plane, width: int | None, room: tuple[int, int], frame: tuple[int, int] | None = None) -> Image.Image:
    """The map alone, each position a block: `width` pixels wide, or with the largest squares that fit into `room`.

    `room` is (height, width) in pixels; `frame` the (x, y) of a position.
    """
    side = max(1, min(room[0] // plane.height, room[1] // plane.width))
    size = (side * plane.width, side * plane.height) if width is None else _scaled((plane.width, plane.height), width)
    way = Image.Resampling.BOX if size[0] < plane.width else Image.Resampling.NEAREST
    image = _colored(plane.levels(), _PALETTE).resize(size, way)
    if frame is not None:
        across, down = size[0] / plane.width, size[1] / plane.height
        x, y = frame
        _framed(image, Box(x * across, y * down, (x + 1) * across, (y + 1) * down), CELL)
    return image


def laid_over(
    plane: Plane, photograph: Image.Image, geometry: Geometry, width: int | None, frame: tuple[int, int] | None = None
) -> Image.Image:
    """The map over the pale grey photograph, the clearer the nearer to zero, each position where it lies.

    `frame` is the (x, y) of a position that is framed with its receptive field: the whole picture, where not defined.
    """
    size = photograph.size if width is None else _scaled(photograph.size, width)
    ratio = photograph.width / size[0], photograph.height / size[1]
    (top, left), (down, across) = geometry.offsets, geometry.steps
    place = (ratio[0] / across, 0, -left / across, 0, ratio[1] / down, -top / down)
    levels = plane.levels().transform(size, Image.Transform.AFFINE, place, Image.Resampling.NEAREST, fillcolor=ZERO)
    grey = photograph.convert("L").resize(size, Image.Resampling.LANCZOS)
    pale = grey.point([round(DARKEST + level * (255 - DARKEST) / 255) for level in range(256)]).convert("RGB")
    image = Image.composite(_colored(levels, _PLAIN), pale, levels.point(_ALPHA))
    if frame is not None:
        seen = geometry.field(*frame) or Box(0, 0, *photograph.size)
        for box, color in ((seen, FIELD), (geometry.cell(*frame), CELL)):
            _framed(image, Box(*(edge / ratio[axis % 2] for axis, edge in enumerate(box))), color)
    return image


def sheet(tiles: Sequence[tuple[int, Image.Image]], columns: int) -> Image.Image:
    """Pictures of the same size with the numbers of their channels."""
    marked = [_marked(image, str(number)) for number, image in tiles]
    return contact_sheet(marked, *marked[0].size, columns)


def encoded(image: Image.Image, format: str) -> bytes:
    """PNG, or WebP without loss: the colors are numbers."""
    file = io.BytesIO()
    image.save(file, format, **({"lossless": True} if format == "webp" else {}))
    return file.getvalue()


def _colored(levels: Image.Image, palette: list[int]) -> Image.Image:
    colored = levels.copy()
    colored.putpalette(palette)
    return colored.convert("RGB")


def _scaled(size: tuple[int, int], width: int) -> tuple[int, int]:
    return width, max(1, round(size[1] * width / size[0]))


def _framed(image: Image.Image, box: Box, color: Color) -> None:
    """A line along the edge of the box, as far as it lies on the picture."""
    line = max(1, round(image.width / 160))
    left, top = max(0, round(box.left)), max(0, round(box.top))
    right, bottom = min(image.width, round(box.right)) - 1, min(image.height, round(box.bottom)) - 1
    ImageDraw.Draw(image).rectangle((left, top, max(left, right), max(top, bottom)), outline=color, width=line)


def _marked(image: Image.Image, text: str) -> Image.Image:
    marked = image.copy()
    draw = ImageDraw.Draw(marked)
    draw.rectangle((0, 0, marked.width - 1, marked.height - 1), outline=_EDGE)
    font = ImageFont.load_default()
    box = draw.textbbox((3, 2), text, font=font)
    draw.rectangle((0, 0, box[2] + 3, box[3] + 2), fill=WHITE, outline=_EDGE)
    draw.text((3, 2), text, fill=(0, 0, 0), font=font)
    return marked
