"""A photograph whose corners can be told apart, and pictures as files."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageCms

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
ORIENTATION, MAKER, RESOLUTION = 0x0112, 0x010F, 0x011A
"""Tags of EXIF."""
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def corners() -> Image.Image:
    """40 wide and 20 high: red, green / blue, white, clockwise from the top left: red, green, white, blue."""
    image = Image.new("RGB", (40, 20), WHITE)
    image.paste(RED, (0, 0, 20, 10))
    image.paste(GREEN, (20, 0, 40, 10))
    image.paste(BLUE, (0, 10, 20, 20))
    return image


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def tagged(orientation: int) -> bytes:
    """The EXIF of a camera that was held so."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[MAKER] = "secret camera"
    exif[RESOLUTION] = 72.0
    return exif.tobytes()


def profile() -> bytes:
    """That of a screen whose red is green, so that nobody overlooks it: two entries of its table are exchanged."""
    red, green = SRGB.index(b"rXYZ"), SRGB.index(b"gXYZ")
    changed = bytearray(SRGB)
    changed[red : red + 4], changed[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(changed)
