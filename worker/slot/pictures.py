"""From raw pixels to the PNG files of a result: one a picture, and one more of all of them where there are several."""

from __future__ import annotations

import hashlib

from featurelens.jobs.queue.records import Record
from featurelens.jobs.store.result import Image
from featurelens.worker.protocol import Finished
from featurelens.worker.slot.contact_sheet import ContactSheet
from featurelens.worker.slot.png import encode


def encoded(key: str, record: Record, finished: Finished, pixels: bytes) -> tuple[list[bytes], tuple[Image, ...]]:
    """A PNG per picture, and where there are several one more of all of them, with what is said of each."""
    text = {"key": key, "spec": record.spec.model_dump(mode="json"), "numbers": finished.numbers}
    height, width, channels = finished.height, finished.width, finished.channels
    tiles = [
        pixels[start : start + height * width * channels]
        for start in range(0, finished.bytes, height * width * channels)
    ]
    images = [encode(tile, height, width, channels, text) for tile in tiles]
    steps = finished.steps or [record.steps] * len(tiles)
    pictures = [_image(png, height, width, step) for png, step in zip(images, steps, strict=True)]
    if len(tiles) > 1:
        sheet = ContactSheet(height, width, channels, finished.columns)
        in_time = [tile for _, tile in sorted(zip(steps, tiles, strict=True), key=lambda pair: pair[0])]
        images.append(encode(sheet.paste(in_time), *sheet.size(len(tiles)), channels, text))
        pictures.append(_image(images[-1], *sheet.size(len(tiles)), None))
    return images, tuple(pictures)


def _image(png: bytes, height: int, width: int, step: int | None) -> Image:
    return Image(width=width, height=height, bytes=len(png), sha256=hashlib.sha256(png).hexdigest(), step=step)
