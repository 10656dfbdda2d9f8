"""Small versions of finished pictures, in a few widths and two formats, made once."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Annotated, Literal
from uuid import uuid4

from PIL import Image
from pydantic import BeforeValidator

WIDTHS = (64, 128, 192, 256, 512)
"""The only ones there are: a cache that anybody could fill with every width would be no cache."""

Width = Annotated[Literal[64, 128, 192, 256, 512], BeforeValidator(lambda text: int(text))]
Format = Literal["png", "webp"]

_QUALITY = 85
_SEAL = hashlib.sha256().digest_size


class Thumbnails:
    """Keeps what it makes in `folder`, by the digest of the original; the folder may be deleted at any time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, png: bytes, digest: str, width: int | None, format: Format) -> tuple[bytes, str]:
        """The picture `png`, whose sha256 is `digest`, at most `width` pixels wide, and the sha256 of that.

        Pictures are never enlarged. Raises OSError when it cannot be kept.
        """
        path = self._folder / digest[:2] / f"{digest}-{width or 'full'}.{format}"
        kept = _read(path)
        return kept or _write(path, _made(png, width, format))


def _made(png: bytes, width: int | None, format: Format) -> bytes:
    image: Image.Image = Image.open(io.BytesIO(png))
    if width is not None and width < image.width:
        image = image.resize((width, max(1, round(image.height * width / image.width))), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, format, **({"quality": _QUALITY} if format == "webp" else {"optimize": True}))
    return file.getvalue()


def _read(path: Path) -> tuple[bytes, str] | None:
    """A damaged file is a miss."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    seal, body = content[:_SEAL], content[_SEAL:]
    return (body, seal.hex()) if hashlib.sha256(body).digest() == seal else None


def _write(path: Path, body: bytes) -> tuple[bytes, str]:
    seal = hashlib.sha256(body)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        aside.write_bytes(seal.digest() + body)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return body, seal.hexdigest()
