"""From whatever is uploaded to a plain PNG: upright, opaque, in sRGB, of bounded size, without metadata."""

from __future__ import annotations

import io
import warnings

from PIL import ExifTags, Image, ImageCms

from featurelens.jobs.errors import Fault, InvalidSpec

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_PIXELS = 24_000_000
"""Pixels of an upload as its header says, before it is decoded: a small file may hold a huge picture."""

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

_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""Of Pillow, by the color space of a profile."""


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
            profile = _profile(image)
            picture = _upright(image, _opaque(image, profile))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise refused(f"a readable picture in one of {', '.join(FORMATS)}") from error
    picture.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    if min(picture.size) < MIN_SIDE:
        raise refused(f"at least {MIN_SIDE} pixels on either side once it is scaled to at most {MAX_SIDE}")
    picture = _in_srgb(picture, profile)
    picture.info.clear()  # Pillow would write some of it, the profile among them
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def refused(wanted: str) -> InvalidSpec:
    detail = f"a photograph must be {wanted}"
    return InvalidSpec(detail, (Fault("", detail),))


def _profile(image: Image.Image) -> ImageCms.ImageCmsProfile | None:
    """What the colors of the picture mean; None: sRGB, or damaged, or of another color space than the picture's."""
    raw = image.info.get("icc_profile")
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(raw)) if raw else None
        space = None if profile is None else profile.profile.xcolor_space.strip()
    except (OSError, ImageCms.PyCMSError):
        return None
    grey = image.mode in {"L", "LA", "1"}
    own = "CMYK" if image.mode == "CMYK" else "GRAY" if grey else "RGB"
    return profile if space == own else None


def _opaque(image: Image.Image, profile: ImageCms.ImageCmsProfile | None) -> Image.Image:
    """RGB, or as the profile wants it, over white where it is transparent."""
    if image.mode.startswith(("I", "F")):
        raise refused("of 8 bits a channel")
    mode = "RGB" if profile is None else _MODES[profile.profile.xcolor_space.strip()]
    if not image.has_transparency_data:
        return image.convert(mode)
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA")).convert(mode)


def _in_srgb(picture: Image.Image, profile: ImageCms.ImageCmsProfile | None) -> Image.Image:
    """RGB as every screen and every network takes it."""
    if profile is None:
        return picture
    try:
        converted = ImageCms.profileToProfile(picture, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except ImageCms.PyCMSError:  # a profile that cannot be read further is like none
        return picture.convert("RGB")
    assert converted is not None
    return converted


def _upright(image: Image.Image, picture: Image.Image) -> Image.Image:
    """`picture`, rotated or mirrored by the EXIF orientation of `image`."""
    turn = _UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    return picture if turn is None else picture.transpose(turn)
