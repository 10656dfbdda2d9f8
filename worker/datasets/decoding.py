"""What the processes that decode images do. Decoders are large programs in C: what breaks one ends its process only."""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from featurelens.engine.photograph import crop_and_resize
from featurelens.jobs.plain_picture import MAX_PROFILE, plain
from featurelens.worker.datasets.base import Reference

PATIENCE = 30
"""Seconds for one image, after which its process ends itself."""
_QUALITY = 80

Made = TypeVar("Made")


@dataclass(frozen=True)
class Broken:
    """An image that cannot be read, and why: in words that hold no path."""

    reason: str


def begin(open_end: Connection) -> None:
    """Called once in each process, which is nobody's rival for a core.

    It ends with the one that has started it, or when that one closes the other end of `open_end`.
    """
    os.nice(5)
    torch.set_num_threads(1)
    Image.MAX_IMAGE_PIXELS = None  # data sets have a bound of their own
    PngImagePlugin.MAX_TEXT_CHUNK = MAX_PROFILE
    warnings.simplefilter("ignore")  # of damaged metadata, which do not matter
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent.sentinel, open_end), daemon=True).start()


def pixels(reference: Reference, size: tuple[int, int], channels: int) -> NDArray[np.float32] | Broken:
    """(channels, height, width) in [0, 1]: what a network is shown of an image (`engine.photograph`)."""

    def make(image: Image.Image) -> NDArray[np.float32]:
        made: NDArray[np.float32] = crop_and_resize(image, size, channels).numpy()
        return made

    return _made(reference, make)


def thumbnail(reference: Reference, size: tuple[int, int], most: int) -> bytes | Broken:
    """A WebP in colour of the part of an image that a network is shown; neither side is longer than `most` pixels."""

    def make(image: Image.Image) -> bytes:
        shown = (crop_and_resize(image, thumbnail_size(size, most), 3) * 255).round().byte().permute(1, 2, 0)
        file = io.BytesIO()
        Image.fromarray(shown.numpy()).save(file, "WEBP", quality=_QUALITY)
        return file.getvalue()

    return _made(reference, make)


def thumbnail_size(size: tuple[int, int], most: int) -> tuple[int, int]:
    """Height and width that `size` has when it is made as small as `most`; never larger."""
    scale = min(1.0, most / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _made(reference: Reference, make: Callable[[Image.Image], Made]) -> Made | Broken:
    signal.alarm(PATIENCE)
    try:
        with reference.open() as image:
            return make(plain(image))
    except UnidentifiedImageError:
        return Broken("no image that can be read")
    except OSError as error:
        return Broken(error.strerror or str(error))
    except MemoryError:
        return Broken("too large for the memory there is")
    except Exception as error:  # noqa: BLE001  # decoders raise anything
        return Broken(str(error) if type(error) is ValueError else type(error).__name__)
    finally:
        signal.alarm(0)


def _end_with(*ends: int | Connection) -> None:
    wait(ends)
    os._exit(0)
