"""Photographs are decoded once, safely, and kept as plain PNG under the digest of what is kept."""

from __future__ import annotations

import hashlib
import io
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from featurelens.jobs.errors import InvalidSpec, UnknownPhoto
from featurelens.jobs.plain_picture import MAX_SIDE
from featurelens.jobs.store.folder import Folder
from featurelens.jobs.store.photos import Photos
from featurelens.service.decoding import Decoding
from tests.support.photographs import BLUE, GREEN, RED, SRGB, WHITE, corners, encoded, profile, tagged


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(Folder(tmp_path / "photos"))


def kept(photos: Photos, upload: bytes) -> Image.Image:
    return Image.open(io.BytesIO(photos.get(photos.add(upload))))


def test_the_same_photograph_gets_the_same_name(photos: Photos, tmp_path: Path) -> None:
    first = photos.add(encoded(corners()))
    assert photos.add(encoded(corners(), compress_level=1)) == first
    assert photos.add(encoded(corners().rotate(180))) != first
    assert first == "sha256:" + hashlib.sha256(photos.get(first)).hexdigest()
    assert Photos(Folder(tmp_path / "photos")).get(first) == photos.get(first)
    assert sorted(path.suffix for path in (tmp_path / "photos").iterdir()) == [".png", ".png"]


@pytest.mark.parametrize(
    ("orientation", "clockwise"),
    [
        (1, (RED, GREEN, WHITE, BLUE)),
        (2, (GREEN, RED, BLUE, WHITE)),
        (3, (WHITE, BLUE, RED, GREEN)),
        (4, (BLUE, WHITE, GREEN, RED)),
        (5, (RED, BLUE, WHITE, GREEN)),
        (6, (BLUE, RED, GREEN, WHITE)),
        (7, (WHITE, GREEN, RED, BLUE)),
        (8, (GREEN, WHITE, BLUE, RED)),
        (9, (RED, GREEN, WHITE, BLUE)),
    ],
)
def test_upright_and_without_metadata(photos: Photos, orientation: int, clockwise: tuple[Any, ...]) -> None:
    digest = photos.add(encoded(corners(), exif=tagged(orientation)))
    image = Image.open(io.BytesIO(photos.get(digest)))
    right, bottom = image.width - 3, image.height - 3
    assert image.size == ((20, 40) if orientation in (5, 6, 7, 8) else (40, 20))
    assert tuple(image.getpixel(at) for at in ((2, 2), (right, 2), (right, bottom), (2, bottom))) == clockwise
    assert b"secret" not in photos.get(digest)
    assert (image.format, image.mode, dict(image.getexif())) == ("PNG", "RGB", {})


@pytest.mark.parametrize("damaged", [b"Exif\0\0", b"Exif\0\0nonsense", tagged(6)[:12], tagged(6)[:20], b"\0" * 40])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_damaged_tags_do_not_matter(photos: Photos, kind: str, damaged: bytes) -> None:
    assert kept(photos, encoded(corners(), kind, exif=damaged)).size == (40, 20)


@pytest.mark.parametrize(("size", "scaled"), [((2048, 1000), (1024, 500)), ((100, 1100), (93, 1024)), ((8, 9), (8, 9))])
def test_scaled_to_what_a_picture_can_be(photos: Photos, size: tuple[int, int], scaled: tuple[int, int]) -> None:
    assert max(scaled) <= MAX_SIDE
    assert kept(photos, encoded(Image.new("RGB", size, GREEN), "JPEG")).size == scaled


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_kinds(photos: Photos, kind: str, mode: str) -> None:
    image = kept(photos, encoded(Image.new(mode, (16, 16), "white"), kind))
    assert image.getpixel((8, 8)) == WHITE


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(photos: Photos, mode: str) -> None:
    half = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
    half.paste((0, 0, 0, 255), (8, 0, 16, 16))
    image = kept(photos, encoded(half.convert(mode)))
    assert (image.getpixel((2, 8)), image.getpixel((13, 8))) == (WHITE, (0, 0, 0))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_profile_is_applied_and_dropped(photos: Photos, kind: str) -> None:
    options = {"quality": 95, "lossless": True} if kind == "WEBP" else {"quality": 95}
    image = Image.new("RGB", (64, 32), RED)
    seen = kept(photos, encoded(image, kind, icc_profile=profile(), exif=tagged(6), dpi=(300, 300), **options))
    pixel = seen.getpixel((10, 10))
    assert isinstance(pixel, tuple)
    assert pixel[0] < 20 < 235 < pixel[1], "what that profile calls red is green"
    assert (seen.size, seen.mode) == ((32, 64), "RGB")
    assert seen.info == {}
    same = kept(photos, encoded(Image.new("RGB", (64, 32), RED), kind, icc_profile=SRGB, **options))
    assert max(abs(a - b) for a, b in zip(same.getpixel((10, 10)), RED, strict=True)) <= 2  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1 << 20, 3 << 20])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_huge_profile_neither_breaks_nor_stays(tmp_path: Path, kind: str, size: int) -> None:
    """The picture of one in a JPEG was kept with it, and failed whoever used it. As the service decodes them."""
    decoding = Decoding()
    photos = Photos(Folder(tmp_path), decoding)
    huge = profile() + random.Random(0).randbytes(size)
    png = photos.get(photos.add(encoded(Image.new("RGB", (64, 32), RED), kind, icc_profile=huge)))
    decoding.close()
    with Image.open(io.BytesIO(png)) as image:
        image.load()
        pixel = image.getpixel((10, 10))
    assert isinstance(pixel, tuple)
    assert pixel[1] > 200 > 60 > pixel[0]
    assert len(png) < 1000


@pytest.mark.parametrize("damaged", [b"", b"x", b"nonsense" * 100, profile()[:200], profile()[:-300]])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_damaged_profile_does_not_matter(photos: Photos, damaged: bytes, mode: str) -> None:
    """Nor does one that is meant for other colours."""
    white = (0, 0, 0, 0) if mode == "CMYK" else "white"
    for icc in (damaged, profile()) if mode != "RGB" else (damaged,):
        image = kept(photos, encoded(Image.new(mode, (16, 16), white), "JPEG", icc_profile=icc))
        assert (image.getpixel((8, 8)), image.info) == (WHITE, {})


@pytest.mark.parametrize("mode", ["RGBA", "P", "LA"])
def test_transparency_and_a_profile(photos: Photos, mode: str) -> None:
    half = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
    half.paste((255, 0, 0, 255), (8, 0, 16, 16))
    image = kept(photos, encoded(half.convert(mode), icc_profile=profile()))
    left, right = image.getpixel((2, 8)), image.getpixel((13, 8))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert min(left) >= 253
    assert right[1] > 200 if mode != "LA" else right[0] == right[1]


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it is huge."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("upload", "reason"),
    [
        pytest.param(bomb(6000, 6000), "at most 24 million pixels; this one has 6000 x 6000, 36,000,000", id="bomb"),
        pytest.param(bomb(200_000, 200_000), "photograph must be", id="larger bomb"),
        pytest.param(b"", "readable picture in one of PNG, JPEG, WEBP", id="nothing"),
        pytest.param(b"GIF89a nonsense", "readable picture", id="garbage"),
        pytest.param(encoded(corners(), "GIF"), "readable picture", id="GIF"),
        pytest.param(encoded(corners(), "TIFF"), "readable picture", id="TIFF"),
        pytest.param(encoded(corners())[:-40], "readable picture", id="cut off"),
        pytest.param(encoded(Image.new("RGB", (7, 100))), "at least 8 pixels", id="small"),
        pytest.param(encoded(Image.new("RGB", (9000, 9))), "at least 8 pixels", id="a thread once it is scaled"),
        pytest.param(encoded(Image.new("I;16", (20, 20), 30_000)), "8 bits", id="16 bits"),
    ],
)
def test_refused_with_words(photos: Photos, upload: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSpec, match=reason) as refused:
        photos.add(upload)
    assert refused.value.faults[0].detail == refused.value.detail
    assert not list(tmp_path.rglob("*.png"))


def test_damage_anywhere_is_refused_or_harmless(photos: Photos) -> None:
    """Metadata included: what cannot be read of them must not matter."""
    chance = random.Random(0)
    uploads = [encoded(corners(), kind, exif=tagged(6)) for kind in ("JPEG", "PNG", "WEBP")]
    taken = 0
    for number in range(1500):
        damaged = bytearray(uploads[number % 3])
        for _ in range(chance.choice((1, 2, 4))):
            damaged[chance.randrange(min(200, len(damaged)))] = chance.choice((0, 255, chance.randrange(256)))
        try:
            photos.add(bytes(damaged))
        except InvalidSpec:
            continue
        taken += 1
    assert 0 < taken < 1500


def test_a_damaged_file_counts_as_missing(photos: Photos, tmp_path: Path) -> None:
    digest = photos.add(encoded(corners()))
    (path,) = (tmp_path / "photos").iterdir()
    whole = path.read_bytes()
    for damaged in (b"", whole[:-1], whole + b"x"):
        path.write_bytes(damaged)
        with pytest.raises(UnknownPhoto, match="POST it to /v1/photos first") as missing:
            photos.get(digest, "/photo")
        assert missing.value.faults[0].pointer == "/photo"
    assert photos.add(encoded(corners())) == digest
    assert photos.get(digest) == whole


@pytest.mark.parametrize(
    "name", ["", "sha256:", "sha256:../../secret", "../" + "0" * 61, "sha256:" + "A" * 64, "0" * 63]
)
def test_only_digests_are_names(photos: Photos, name: str, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    with pytest.raises(UnknownPhoto, match="64 hex digits"):
        photos.get(name)
