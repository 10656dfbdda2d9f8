"""From the renderer's pixels to PNG files that say what they show."""

from __future__ import annotations

import io
import json
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

TEXT_CHUNK = "featurelens"

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def encode(pixels: bytes, height: int, width: int, channels: int, text: dict[str, Any]) -> bytes:
    """`pixels` are uint8, (height, width, channels), C order; `text` goes into the chunk `TEXT_CHUNK` as ASCII JSON."""
    image = Image.frombytes(_MODES[channels], (width, height), pixels)
    info = PngInfo()
    info.add_text(TEXT_CHUNK, json.dumps(text, sort_keys=True))
    file = io.BytesIO()
    image.save(file, "PNG", pnginfo=info)
    return file.getvalue()
