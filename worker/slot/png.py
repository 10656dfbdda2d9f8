"""From pixels to PNG files that carry what decides their picture."""

from __future__ import annotations

import io
import json
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

TEXT_CHUNK = "featurelens"

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def pictures(pixels: bytes, height: int, width: int, channels: int) -> list[Image.Image]:
    """Images from uint8 `pixels` (pictures, height, width, channels), C order."""
    size = height * width * channels
    return [
        Image.frombytes(_MODES[channels], (width, height), pixels[start : start + size])
        for start in range(0, len(pixels), size)
    ]


def encode(picture: Image.Image, text: dict[str, Any]) -> bytes:
    """A PNG with `text` as ASCII JSON in the text chunk `TEXT_CHUNK`."""
    info = PngInfo()
    info.add_text(TEXT_CHUNK, json.dumps(text, sort_keys=True))
    file = io.BytesIO()
    picture.save(file, "PNG", pnginfo=info)
    return file.getvalue()
