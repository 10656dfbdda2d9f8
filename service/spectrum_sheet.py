"""The spectrum of a unit on one picture: crops of one size in columns, the optimized pictures large at both ends."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence

from PIL import Image, ImageOps

from featurelens.jobs.contact_sheet import GAP, contact_sheet
from featurelens.service import scan_results
from featurelens.service.dependencies import Dependencies
from featurelens.service.schemas.examples import Example
from featurelens.service.schemas.spectrum import OptimizedPicture, Spectrum
from featurelens.service.thumbnails import Format

SIDE = 64
"""Pixels of a crop's side."""
ACROSS = 3
"""Crops side by side; as many rows of them are shown, and the optimized pictures as large as all of that."""
BLOCK = ACROSS * (SIDE + GAP) - GAP
BETWEEN = 12
"""Pixels between two columns, beside the gap."""


def name(spectrum: Spectrum, format: Format) -> str:
    """Of the file: what is on the sheet decides it."""
    ends = [spectrum.negative.image, spectrum.positive.image]
    content = json.dumps([ends, [[one.crop for one in column] for column in _columns(spectrum)]])
    return f"{hashlib.sha256(content.encode()).hexdigest()}-spectrum.{format}"


def draw(deps: Dependencies, spectrum: Spectrum, format: Format) -> bytes:
    """Six columns of one height, white where there is nothing to show. Blocks.

    Raises what `scan_results.crop` raises, where the scan has gone meanwhile.
    """

    def end(picture: OptimizedPicture) -> Image.Image | None:
        found = deps.store.image(picture.key) if picture.image else None
        return None if found is None else _fitted(found[0], BLOCK)

    def crop(one: Example) -> Image.Image | None:
        if one.crop is None:
            return None
        position = None if one.x is None or one.y is None else (spectrum.layer, one.x, one.y)
        return _fitted(scan_results.crop(deps, spectrum.scan.key, one.image, position, "png").content, SIDE)

    blocks = [_block([crop(one) for one in column]) for column in _columns(spectrum)]
    columns = [end(spectrum.negative), *blocks, end(spectrum.positive)]
    whole = contact_sheet(columns, BLOCK + BETWEEN, BLOCK, len(columns))
    file = io.BytesIO()
    whole.crop((0, 0, whole.width - BETWEEN, BLOCK)).save(file, format, **({"quality": 90} if format == "webp" else {}))
    return file.getvalue()


def _columns(spectrum: Spectrum) -> list[list[Example]]:
    """As many examples of each list as there is room for."""
    lists = spectrum.minimum, spectrum.slightly_negative, spectrum.slightly_positive, spectrum.maximum
    return [(examples or [])[: ACROSS * ACROSS] for examples in lists]


def _block(crops: Sequence[Image.Image | None]) -> Image.Image | None:
    return contact_sheet(crops, SIDE, SIDE, ACROSS) if crops else None


def _fitted(content: bytes, side: int) -> Image.Image:
    """The picture in the middle of a white square, as large as it fits."""
    with Image.open(io.BytesIO(content)) as image:
        return ImageOps.pad(image.convert("RGB"), (side, side), Image.Resampling.BICUBIC, (255, 255, 255))
