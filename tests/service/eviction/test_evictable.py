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
from featurelens.jobs.store.last_used import COUNTS_FOR
from featurelens.service.dependencies import Dependencies
from tests.support.photographs import encoded


@pytest.fixture
def deps(broker: str, tmp_path: Path) -> Iterator[Dependencies]:
    """Photographs and thumbnails may take the size of two photographs each."""
    size = 2 * len(photograph(0)) + 200
    limits = {"photos_max_bytes": size, "thumbnails_max_bytes": size}
    deps = Dependencies.of(Settings.model_validate({"redis_url": broker, "state": tmp_path, **limits}))
    yield deps
    deps.redis.close()


def photograph(seed: int) -> bytes:
    """Noise, so that all are about as large."""
    return encoded(Image.frombytes("RGB", (32, 32), random.Random(seed).randbytes(32 * 32 * 3)))


def grow_old(folder: Path) -> None:
    """All that is there was looked at hours ago."""
    for path in folder.rglob("*"):
        if path.is_file():
            moment = path.stat().st_mtime - 3 * COUNTS_FOR
            os.utime(path, (moment, moment))


def test_photographs(deps: Dependencies) -> None:
    first, second, third = (deps.photos.add(photograph(seed)) for seed in range(3))
    grow_old(deps.settings.photos_folder)
    deps.photos.get(first)
    deps.photos.get(third)
    usage = deps.evictions["photos"].evict()
    assert (usage.evicted, usage.entries) == (2, 1), "down to nine tenths of the limit"
    for gone in {first, second, third} - {f"sha256:{path.stem}" for path in deps.settings.photos_folder.iterdir()}:
        with pytest.raises(UnknownPhoto):
            deps.photos.get(gone)
    with pytest.raises(UnknownPhoto):
        deps.photos.get(second)


def test_thumbnails_and_sheets(deps: Dependencies) -> None:
    pictures = [photograph(seed) for seed in range(4)]
    tiles = [(png, hashlib.sha256(png).hexdigest()) for png in pictures]
    made = [deps.thumbnails.get(*tile, 64, "png") for tile in tiles]
    sheet = deps.thumbnails.sheet("s", lambda: tiles)
    grow_old(deps.settings.thumbnails_folder)
    assert deps.thumbnails.get(b"not looked at", tiles[2][1], 64, "png") == made[2]
    usage = deps.evictions["thumbnails"].evict()
    assert usage.entries == 1
    assert deps.thumbnails.get(b"not looked at", tiles[2][1], 64, "png") == made[2], "what was looked at is kept"
    assert deps.thumbnails.sheet("s", lambda: tiles) == sheet, "what has gone is made again"
