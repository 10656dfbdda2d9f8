"""A picture as people see it: upright, opaque, in sRGB, no larger than what is kept of an upload.

Uploads and images of data sets are made so alike: a network is shown the same of a file, however it came here.
"""

from __future__ import annotations

import io
import struct

from PIL import ExifTags, Image, ImageCms

MAX_SIDE = 1024
"""Pixels of the longer side; no picture that is made is larger."""

MAX_PROFILE = 16 << 20
"""Bytes of a color profile in a PNG once it is unpacked; Pillow gives up the picture at one million, unless a process
sets `PngImagePlugin.MAX_TEXT_CHUNK`."""

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


def plain(image: Image.Image) -> Image.Image:
    """RGB of 8 bits a channel; over white where `image` is transparent, its longer side at most `MAX_SIDE`.

    Damaged metadata count for none. Raises ValueError where `deep`, and whatever a decoder raises for a broken image.
    """
    if deep(image):
        raise ValueError("more than 8 bits a channel")
    profile = _profile(image)
    picture = _opaque(image, profile)
    picture = _upright(image, picture)  # a TIFF has been turned, and says so no more, once it is decoded
    picture.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    return _in_srgb(picture, profile)


def deep(image: Image.Image) -> bool:
    """Whether its numbers are no colors: nothing says which of them is white."""
    return image.mode.startswith(("I", "F"))


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
    """A new one: RGB, or as the profile wants it, over white where it is transparent."""
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
    try:
        turn = _UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except (struct.error, KeyError, SyntaxError, TypeError, ValueError):  # as Pillow itself has it of damaged tags
        return picture
    return picture if turn is None else picture.transpose(turn)
