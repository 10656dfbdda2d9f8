"""What is in the store is whole, or it is not there."""

from __future__ import annotations

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from featurelens.jobs.store.file_store import FileStore
from tests.support.results import FILES, IMAGES, KEY, NUMBERS, result

CONTENTS = list(FILES.values())
whole = partial(result, files=FILES)


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    store = FileStore(tmp_path)
    assert store.get(KEY) is None
    store.put(whole(), IMAGES, CONTENTS)
    return store


def folder(tmp_path: Path) -> Path:
    return tmp_path / "aa" / KEY


def test_comes_back_as_it_was(store: FileStore) -> None:
    found = store.get(KEY)
    assert found is not None
    assert found.spec == result().spec
    assert found.numbers == NUMBERS
    assert store.get_all(["fv1_" + "b" * 64, KEY]) == {KEY: found}
    for index, png in enumerate(IMAGES):
        assert store.image(KEY, index) == (png, hashlib.sha256(png).hexdigest())
    assert store.image(KEY, 2) is None
    assert store.image(KEY, -1) is None
    for name, content in FILES.items():
        assert store.file(KEY, name) == (content, hashlib.sha256(content).hexdigest())
    assert store.file(KEY, "other.safetensors") is None
    assert store.file(KEY, "../result.json") is None


def test_part_of_a_file(store: FileStore) -> None:
    name, content = next(iter(FILES.items()))
    assert store.file_part(KEY, name, 250, 12) == content[250:262]
    assert store.file_part(KEY, name, 0, len(content)) == content
    assert store.file_part(KEY, name, len(content), 0) == b""
    for start, length in ((-1, 2), (250, -1), (len(content) - 1, 2)):
        assert store.file_part(KEY, name, start, length) is None
    assert store.file_part(KEY, "other.safetensors", 0, 1) is None
    assert store.file_part("fv1_" + "b" * 64, name, 0, 1) is None


def test_a_file_is_not_read_again_to_see_that_it_is_whole(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store.get(KEY) is not None
    monkeypatch.setattr("hashlib.file_digest", None)
    assert store.get(KEY) is not None
    assert store.file_part(KEY, "maps.safetensors", 0, 1) == b"\0"


def test_unknown(store: FileStore) -> None:
    other = "fv1_" + "b" * 64
    assert store.get(other) is None
    assert store.image(other) is None


@pytest.mark.parametrize("name", ["../../etc/passwd", "fv1_" + "A" * 64, "", "fv1_" + "a" * 64 + "/.."])
def test_only_keys_become_paths(store: FileStore, name: str) -> None:
    assert store.get(name) is None
    assert store.image(name) is None


@pytest.mark.parametrize("seen_whole", [False, True])
@pytest.mark.parametrize("file", ["image-0.png", "image-1.png", "result.json", "file-maps.safetensors"])
@pytest.mark.parametrize("damage", ["truncate", "flip", "remove", "empty"])
def test_damage_is_a_miss_and_mended(
    store: FileStore, tmp_path: Path, file: str, damage: str, seen_whole: bool
) -> None:
    if seen_whole:
        assert store.get(KEY) is not None
    path = folder(tmp_path) / file
    content = path.read_bytes()
    match damage:
        case "truncate":
            path.write_bytes(content[: len(content) // 2])
        case "flip":
            middle = len(content) // 2
            path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        case "remove":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
    assert store.get(KEY) is None
    index = 1 if file == "image-1.png" else 0
    if file.startswith("file-"):
        assert store.file(KEY, "maps.safetensors") is None
        assert store.file_part(KEY, "maps.safetensors", 0, 1) is None
    else:
        assert store.image(KEY, index) is None
    store.put(whole(), IMAGES, CONTENTS)
    assert store.get(KEY) is not None
    assert store.image(KEY, index) is not None
    assert store.file(KEY, "maps.safetensors") is not None


def test_the_first_stays(store: FileStore) -> None:
    store.put(result([b"other"]), [b"other"])
    assert store.image(KEY, 0) == (IMAGES[0], hashlib.sha256(IMAGES[0]).hexdigest())


def test_many_writers(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(store.put, whole(), IMAGES, CONTENTS) for _ in range(16)]:
            future.result()
    assert store.get(KEY) is not None
    assert list((tmp_path / ".aside").iterdir()) == []


def test_nothing_is_left_of_a_failed_write(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    bad: list[bytes] = [b"fine", None]  # type: ignore[list-item]
    with pytest.raises(TypeError):
        store.put(result(), bad)
    with pytest.raises(ValueError, match="shorter"):
        store.put(whole(), IMAGES, CONTENTS[:1])
    assert store.get(KEY) is None
    assert list((tmp_path / ".aside").iterdir()) == []


def test_a_removed_folder_is_a_miss(store: FileStore, tmp_path: Path) -> None:
    shutil.rmtree(folder(tmp_path))
    assert store.get(KEY) is None
