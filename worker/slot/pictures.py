"""From raw pixels to the PNG files of a result: one a picture, and a contact sheet where there are several."""

from __future__ import annotations

import hashlib
from typing import Protocol

from featurelens.jobs.contact_sheet import contact_sheet
from featurelens.jobs.spec.base import JobSpec
from featurelens.jobs.store.result import Image
from featurelens.worker.protocol import Finished
from featurelens.worker.slot.png import encode, pictures


class Decided(Protocol):
    """What decides a picture: a job's record has it."""

    @property
    def spec(self) -> JobSpec: ...

    @property
    def digest(self) -> str:
        """The identity of the weights."""

    @property
    def steps(self) -> int: ...


def encoded(key: str, record: Decided, finished: Finished, pixels: bytes) -> tuple[list[bytes], tuple[Image, ...]]:
    """The PNG files and their descriptions; none where the kind of job has no pictures."""
    if not finished.pictures:
        return [], ()
    # Only what decides the picture: what is measured, seconds above all, differs when it is made again.
    text = {"key": key, "spec": record.spec.model_dump(mode="json"), "weights": record.digest}
    shown = pictures(pixels[: finished.pixels], finished.height, finished.width, finished.channels)
    files = [encode(picture, text) for picture in shown]
    steps = finished.steps or [record.steps] * len(shown)
    images = [_image(picture.size, png, step) for picture, png, step in zip(shown, files, steps, strict=True)]
    if len(shown) > 1:
        in_time = [picture for _, picture in sorted(zip(steps, shown, strict=True), key=lambda pair: pair[0])]
        sheet = contact_sheet(in_time, finished.width, finished.height, finished.columns, shown[0].mode)
        files.append(encode(sheet, text))
        images.append(_image(sheet.size, files[-1], None))
    return files, tuple(images)


def _image(size: tuple[int, int], png: bytes, step: int | None) -> Image:
    """`size` is (width, height)."""
    return Image(width=size[0], height=size[1], bytes=len(png), sha256=hashlib.sha256(png).hexdigest(), step=step)
