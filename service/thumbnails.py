"""Small versions of finished pictures, in a few widths and two formats, made once; and many of them on one sheet."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from PIL import Image
from pydantic import BeforeValidator

from featurelens.jobs.contact_sheet import GAP, contact_sheet
from featurelens.jobs.errors import OutOfRange
from featurelens.service.disk_cache import DiskCache

WIDTHS = (64, 128, 192, 256, 512)
"""The only ones there are: a cache that anybody could fill with every width would be no cache."""

Width = Annotated[Literal[64, 128, 192, 256, 512], BeforeValidator(lambda text: int(text))]
Format = Literal["png", "webp"]

SHEET_WIDTH = 2048
"""Pixels that a contact sheet should have at most; thumbnails get smaller until it fits, down to the smallest."""

MOST_PIXELS = 64_000_000
"""Of a picture that is made smaller: a sheet may show 16 pictures at 17 steps each, more than a gigabyte of memory."""

_QUALITY = 85


@dataclass(frozen=True)
class Tiles:
    """Pictures of a sheet. `read` gives bytes and digest of one after the other; None leaves a blank."""

    count: int
    read: Callable[[], Iterable[tuple[bytes, str] | None]]


def thumbnail_name(digest: str, width: int | None, format: Format) -> str:
    """That of a version of the picture whose sha256 is `digest`."""
    return f"{digest}-{width or 'full'}.{format}"


def sheet_name(keys: Sequence[str]) -> str:
    """That of the sheet of the results with these keys."""
    return f"{hashlib.sha256(' '.join(keys).encode()).hexdigest()}-sheet.png"


class Thumbnails:
    """Caches what it makes by the digest of the original."""

    def __init__(self, cache: DiskCache) -> None:
        self._cache = cache

    def get(self, png: bytes, digest: str, width: int | None, format: Format) -> tuple[bytes, str]:
        """The picture `png`, whose sha256 is `digest`, at most `width` pixels wide, and the sha256 of that.

        Pictures are never enlarged.
        """
        return self._cache.get(thumbnail_name(digest, width, format), lambda: _made(png, width, format))

    def sheet(self, name: str, tiles: Tiles) -> tuple[bytes, str]:
        """A PNG of pictures in rows, as square as it gets, and its sha256.

        `name` (see `sheet_name`) determines the content.
        """
        return self._cache.get(name, lambda: self._sheet(tiles))

    def other(self, name: str, make: Callable[[], bytes]) -> tuple[bytes, str]:
        """What `make` makes, and its sha256: a picture that is no smaller version of another."""
        return self._cache.get(name, make)

    def made(self, name: str) -> tuple[bytes, str] | None:
        """What has been made under this name before, and its sha256."""
        return self._cache.find(name)

    def _sheet(self, tiles: Tiles) -> bytes:
        columns = math.ceil(math.sqrt(tiles.count))
        width = next((width for width in (192, 128) if columns * (width + GAP) <= SHEET_WIDTH), WIDTHS[0])
        small = [None if tile is None else self._thumbnail(*tile, width) for tile in tiles.read()]
        sizes = [image.size for image in small if image is not None] or [(width, width)]
        place = max(size[0] for size in sizes), max(size[1] for size in sizes)
        return _encoded(contact_sheet(small, *place, columns), "png")

    def _thumbnail(self, png: bytes, digest: str, width: int) -> Image.Image:
        return Image.open(io.BytesIO(self.get(png, digest, width, "png")[0]))


def _made(png: bytes, width: int | None, format: Format) -> bytes:
    image: Image.Image = _opened(png)
    if width is not None and width < image.width:
        image = image.resize((width, max(1, round(image.height * width / image.width))), Image.Resampling.LANCZOS)
    return _encoded(image, format)


def _opened(png: bytes) -> Image.Image:
    """Not decoded yet. Raises `OutOfRange` for what would take too much memory."""
    try:
        image = Image.open(io.BytesIO(png))
    except Image.DecompressionBombError:
        image = None
    if image is None or image.width * image.height > MOST_PIXELS:
        detail = f"there are no smaller versions of more than {MOST_PIXELS:,} pixels, but of each picture on the sheet"
        raise OutOfRange.at("width", detail)
    return image


def _encoded(image: Image.Image, format: Format) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **({"quality": _QUALITY} if format == "webp" else {}))
    return file.getvalue()
