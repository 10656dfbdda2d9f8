"""From whatever is uploaded to a plain PNG (`jobs.plain_picture`), of bounded size, without metadata."""

from __future__ import annotations

import io
import warnings

from PIL import Image

from featurelens.jobs.errors import Fault, InvalidSpec
from featurelens.jobs.plain_picture import MAX_SIDE, deep, plain

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_PIXELS = 24_000_000
"""Pixels of an upload as its header says, before it is decoded: a small file may hold a huge picture."""

MIN_SIDE = 8
"""Pixels of the shorter side of what is kept."""


def normalized(upload: bytes) -> bytes:
    """The PNG that is kept of a photograph. Raises `InvalidSpec` for an unacceptable one."""
    try:
        with warnings.catch_warnings():
            # Pillow warns of decompression bombs before it raises; `MAX_PIXELS` is stricter. Damaged metadata do not
            # matter: they are not kept.
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(upload), formats=FORMATS)
            pixels = image.width * image.height
            if pixels > MAX_PIXELS:
                most = f"{MAX_PIXELS // 1_000_000} million"
                raise refused(f"at most {most} pixels; this one has {image.width} x {image.height}, {pixels:,}")
            if deep(image):
                raise refused("of 8 bits a channel")
            picture = plain(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise refused(f"a readable picture in one of {', '.join(FORMATS)}") from error
    if min(picture.size) < MIN_SIDE:
        raise refused(f"at least {MIN_SIDE} pixels on either side once it is scaled to at most {MAX_SIDE}")
    picture.info.clear()  # Pillow would write some of it, the profile among them
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def refused(wanted: str) -> InvalidSpec:
    detail = f"a photograph must be {wanted}"
    return InvalidSpec(detail, (Fault("", detail),))
