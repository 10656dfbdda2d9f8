"""Everything that is kept on disk stays within its size, and a look at it keeps it."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from featurelens.jobs.errors import UnknownPhoto
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.looks import COUNTS_FOR
from featurelens.service.parts import Parts
from tests.jobs.test_photos import encoded


@pytest.fixture
def parts(broker: str, tmp_path: Path) -> Iterator[Parts]:
    """Photographs and thumbnails may take the size of two photographs each."""
    size = 2 * len(photograph(0)) + 200
    limits = {"photos_max_bytes": size, "thumbnails_max_bytes": size}
    parts = Parts.of(Settings.model_validate({"redis_url": broker, "state": tmp_path, **limits}))
    yield parts
    parts.redis.close()


def photograph(seed: int) -> bytes:
    """Noise, so that all are about as large."""
    return encoded(Image.frombytes("RGB", (32, 32), random.Random(seed).randbytes(32 * 32 * 3)))


def grow_old(folder: Path) -> None:
    """All that is there was looked at hours ago."""
    for path in folder.rglob("*"):
        if path.is_file():
            moment = path.stat().st_mtime - 3 * COUNTS_FOR
            os.utime(path, (moment, moment))


def test_photographs(parts: Parts) -> None:
    first, second, third = (parts.photos.add(photograph(seed)) for seed in range(3))
    grow_old(parts.settings.photos_folder)
    parts.photos.get(first)
    parts.photos.get(third)
    usage = parts.evictions["photos"].sweep()
    assert (usage.evicted, usage.kept) == (2, 1), "down to nine tenths of the limit"
    for gone in {first, second, third} - {f"sha256:{path.stem}" for path in parts.settings.photos_folder.iterdir()}:
        with pytest.raises(UnknownPhoto):
            parts.photos.get(gone)
    with pytest.raises(UnknownPhoto):
        parts.photos.get(second)


def test_thumbnails_and_sheets(parts: Parts) -> None:
    pictures = [photograph(seed) for seed in range(4)]
    tiles = [(png, hashlib.sha256(png).hexdigest()) for png in pictures]
    made = [parts.thumbnails.get(*tile, 64, "png") for tile in tiles]
    sheet = parts.thumbnails.sheet("s", lambda: tiles)
    grow_old(parts.settings.thumbnails_folder)
    assert parts.thumbnails.get(b"not looked at", tiles[2][1], 64, "png") == made[2]
    usage = parts.evictions["thumbnails"].sweep()
    assert usage.kept == 1
    assert parts.thumbnails.get(b"not looked at", tiles[2][1], 64, "png") == made[2], "what was looked at is kept"
    assert parts.thumbnails.sheet("s", lambda: tiles) == sheet, "what has gone is made again"
