"""Small versions: right size, made once, never torn."""

from __future__ import annotations

import hashlib
import io
import warnings
from pathlib import Path

import httpx
import pytest
from PIL import Image

from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from featurelens.service.disk_cache import DiskCache
from featurelens.service.thumbnails import WIDTHS, Thumbnails
from tests.support.photographs import encoded
from tests.support.problems import check
from tests.support.visualizations import KEY, URL, put


@pytest.fixture
def png() -> bytes:
    """Left half red, right half blue."""
    image = Image.new("RGB", (300, 150), (255, 0, 0))
    image.paste((0, 0, 255), (150, 0, 300, 150))
    return encoded(image)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("format", ["png", "webp"])
def test_widths(client: httpx.Client, store: FileStore, png: bytes, width: int, format: str) -> None:
    put(store, [png])
    answer = client.get(f"{URL}/{KEY}/image?width={width}&format={format}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, f"image/{format}")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    image = Image.open(io.BytesIO(answer.content))
    expected = min(width, 300)
    assert image.size == (expected, expected // 2)
    left, right = (image.convert("RGB").getpixel((x, 8)) for x in (4, expected - 4))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[0] > 200 > 60 > left[2]
    assert right[2] > 200 > 60 > right[0]
    again = client.get(answer.url, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_other_widths_and_formats_are_refused(client: httpx.Client, store: FileStore, png: bytes) -> None:
    put(store, [png])
    for query in ("width=100", "width=0", "width=x", "format=gif", "format="):
        assert client.get(f"{URL}/{KEY}/image?{query}").status_code == 422
    assert client.get(f"{URL}/{KEY}/image?format=png").content == png


def test_of_a_sheet_that_is_too_large(client: httpx.Client, store: FileStore) -> None:
    """The first is more than Pillow opens without a warning, the second more than it opens at all."""
    for side in (10_000, 14_000):
        huge = encoded(Image.new("1", (side, side)))
        store.delete(KEY)
        put(store, [huge])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            answer = client.get(f"{URL}/{KEY}/image?width=64")
        check(answer, 422, "out-of-range")
        assert client.get(f"{URL}/{KEY}/image").content == huge


def test_of_what_does_not_exist(client: httpx.Client) -> None:
    assert client.get(f"{URL}/fv1_{'1' * 64}/image?width=64").status_code == 404


def test_made_once(tmp_path: Path, png: bytes) -> None:
    thumbnails = Thumbnails(DiskCache(tmp_path))
    digest = hashlib.sha256(png).hexdigest()
    first = thumbnails.get(png, digest, 64, "webp")
    assert thumbnails.get(b"not looked at", digest, 64, "webp") == first
    (kept,) = (path for path in tmp_path.rglob("*") if path.is_file())
    kept.write_bytes(kept.read_bytes()[:-1])
    assert thumbnails.get(png, digest, 64, "webp") == first


def test_no_room_to_keep_it(tmp_path: Path, png: bytes) -> None:
    """It is made and served all the same."""
    (tmp_path / "file").touch()
    made, digest = Thumbnails(DiskCache(tmp_path / "file")).get(png, hashlib.sha256(png).hexdigest(), 64, "png")
    assert digest == hashlib.sha256(made).hexdigest()


def test_beside_the_results(client: httpx.Client, store: FileStore, png: bytes, state: Path) -> None:
    put(store, [png])
    client.get(f"{URL}/{KEY}/image?width=64")
    assert list(Settings(state=state).thumbnails_folder.rglob("*.png"))
