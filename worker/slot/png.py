"""From the renderer's pixels to PNG files that say what they show."""

from __future__ import annotations

import io
import json
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

TEXT_CHUNK = "featurelens"

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def pictures(pixels: bytes, height: int, width: int, channels: int) -> list[Image.Image]:
    """`pixels` are uint8, (pictures, height, width, channels), C order."""
    size = height * width * channels
    return [
        Image.frombytes(_MODES[channels], (width, height), pixels[start : start + size])
        for start in range(0, len(pixels), size)
    ]


def encode(picture: Image.Image, text: dict[str, Any]) -> bytes:
    """A PNG; `text` goes into the chunk `TEXT_CHUNK` as ASCII JSON."""
    info = PngInfo()
    info.add_text(TEXT_CHUNK, json.dumps(text, sort_keys=True))
    file = io.BytesIO()
    picture.save(file, "PNG", pnginfo=info)
    return file.getvalue()
