"""Small versions of finished pictures, in a few widths and two formats, made once; and many of them on one sheet."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from PIL import Image
from pydantic import BeforeValidator

from featurelens.jobs.contact_sheet import GAP, contact_sheet
from featurelens.service.disk_cache import DiskCache

WIDTHS = (64, 128, 192, 256, 512)
"""The only ones there are: a cache that anybody could fill with every width would be no cache."""

Width = Annotated[Literal[64, 128, 192, 256, 512], BeforeValidator(lambda text: int(text))]
Format = Literal["png", "webp"]

SHEET_WIDTH = 2048
"""Pixels that a contact sheet should have at most; thumbnails get smaller until it fits, down to the smallest."""

_QUALITY = 85


class Thumbnails:
    """Caches what it makes by the digest of the original."""

    def __init__(self, cache: DiskCache) -> None:
        self._cache = cache

    def get(self, png: bytes, digest: str, width: int | None, format: Format) -> tuple[bytes, str]:
        """The picture `png`, whose sha256 is `digest`, at most `width` pixels wide, and the sha256 of that.

        Pictures are never enlarged.
        """
        return self._cache.get(f"{digest}-{width or 'full'}.{format}", lambda: _made(png, width, format))

    def sheet(self, name: str, tiles: Callable[[], Sequence[tuple[bytes, str] | None]]) -> tuple[bytes, str]:
        """A PNG of pictures (bytes and digest) in rows, as square as it gets, and its sha256; None leaves a blank.

        `name` determines the content.
        """
        return self._cache.get(f"{name}-sheet.png", lambda: self._sheet(tiles()))

    def _sheet(self, tiles: Sequence[tuple[bytes, str] | None]) -> bytes:
        columns = math.ceil(math.sqrt(len(tiles)))
        width = next((width for width in (192, 128) if columns * (width + GAP) <= SHEET_WIDTH), WIDTHS[0])
        small = [None if tile is None else self._thumbnail(*tile, width) for tile in tiles]
        height = max((image.height for image in small if image is not None), default=width)
        return _encoded(contact_sheet(small, width, height, columns), "png")

    def _thumbnail(self, png: bytes, digest: str, width: int) -> Image.Image:
        return Image.open(io.BytesIO(self.get(png, digest, width, "png")[0]))


def _made(png: bytes, width: int | None, format: Format) -> bytes:
    image: Image.Image = Image.open(io.BytesIO(png))
    if width is not None and width < image.width:
        image = image.resize((width, max(1, round(image.height * width / image.width))), Image.Resampling.LANCZOS)
    return _encoded(image, format)


def _encoded(image: Image.Image, format: Format) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **({"quality": _QUALITY} if format == "webp" else {}))
    return file.getvalue()
