"""Uploaded photographs: decoded safely, encoded anew as plain PNG, and named by the digest of that PNG."""

from __future__ import annotations

import hashlib
import io
import warnings
from pathlib import Path

from PIL import ExifTags, Image

from featurelens.jobs import addresses, atomic_file
from featurelens.jobs.errors import Fault, InvalidSpec, UnknownPhoto
from featurelens.jobs.store.last_used import touch

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_PIXELS = 24_000_000
"""Pixels of an upload, before it is scaled down: a small file may hold a huge picture."""

MAX_SIDE = 1024
"""Pixels of the longer side of what is kept; no picture is larger."""

MIN_SIDE = 8
"""Pixels of the shorter side of what is kept."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By EXIF orientation. `ImageOps.exif_transpose` also writes the other tags anew, and fails where one is damaged."""


class Photos:
    """A folder of PNG files, each named by its sha256; a damaged one counts as missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, upload: bytes) -> str:
        """Stores a photograph and returns its name, ``sha256:...``. Raises `InvalidSpec` for an unacceptable one."""
        png = _normalized(upload)
        digest = hashlib.sha256(png).hexdigest()
        atomic_file.write(self._folder / f"{digest}.png", png, durable=True)
        return f"sha256:{digest}"

    def get(self, digest: str) -> bytes:
        """The PNG. Raises `UnknownPhoto`. `digest` has been checked for its form, so it is a harmless file name."""
        name = digest.removeprefix("sha256:")
        if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            raise UnknownPhoto("a photograph is named by sha256: and 64 hex digits")
        path = self._folder / f"{name}.png"
        try:
            png = path.read_bytes()
        except FileNotFoundError:
            png = b""
        if hashlib.sha256(png).hexdigest() != name:
            detail = f"there is no photograph {digest}; POST it to {addresses.PHOTOS} first"
            raise UnknownPhoto(detail, (Fault("/objective/photo", detail),))
        touch(path)
        return png


def _normalized(upload: bytes) -> bytes:
    try:
        with warnings.catch_warnings():
            # Pillow warns of decompression bombs before it raises; `MAX_PIXELS` is stricter. Damaged metadata do not
            # matter: they are not kept.
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(upload), formats=FORMATS)
            if image.width * image.height > MAX_PIXELS:
                raise _refused(f"at most {MAX_PIXELS // 1_000_000} million pixels")
            picture = _upright(image, _opaque(image))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _refused(f"a readable picture in one of {', '.join(FORMATS)}") from error
    picture.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    if min(picture.size) < MIN_SIDE:
        raise _refused(f"at least {MIN_SIDE} pixels on either side once it is scaled to at most {MAX_SIDE}")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _opaque(image: Image.Image) -> Image.Image:
    """RGB, over white where it is transparent."""
    if image.mode.startswith(("I", "F")):
        raise _refused("of 8 bits a channel")
    if not image.has_transparency_data:
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")


def _upright(image: Image.Image, picture: Image.Image) -> Image.Image:
    """`picture`, rotated or mirrored by the EXIF orientation of `image`."""
    turn = _UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    return picture if turn is None else picture.transpose(turn)


def _refused(wanted: str) -> InvalidSpec:
    detail = f"a photograph must be {wanted}"
    return InvalidSpec(detail, (Fault("", detail),))
