"""Many contents in one file, found by their number."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.pack import UNITS, packed, unpacked, unpacked_from
from featurelens.jobs.store.result import File, Result
from tests.support.results import IMAGES, result

CONTENTS = {number: str(number).encode() * (number % 5) for number in (0, 3, 4, 7, 2**33)}


@pytest.fixture
def stored(tmp_path: Path) -> tuple[FileStore, Result]:
    files = dict(zip(UNITS, packed(CONTENTS.items()), strict=True))
    heads = tuple(
        File(name=name, media_type="x/y", bytes=len(one), sha256=hashlib.sha256(one).hexdigest())
        for name, one in files.items()
    )
    made = result().model_copy(update={"files": heads})
    store = FileStore(tmp_path)
    store.put(made, IMAGES, list(files.values()))
    return store, made


def test_found_by_number(stored: tuple[FileStore, Result]) -> None:
    for number, content in CONTENTS.items():
        assert unpacked(*stored, UNITS, number) == content
    for number in (1, 2, 5, 8, 2**34):
        assert unpacked(*stored, UNITS, number) is None
    assert unpacked_from(*stored, UNITS, 3, 2) == [CONTENTS[3], CONTENTS[4]]
    assert unpacked_from(*stored, UNITS, 5, 9) == [CONTENTS[7], CONTENTS[2**33]]
    assert unpacked_from(*stored, UNITS, 2**34, 1) == []


def test_what_is_damaged_or_gone_is_not_there(stored: tuple[FileStore, Result], tmp_path: Path) -> None:
    store, made = stored
    (file,) = tmp_path.glob("*/*/file-units.jsonl")
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    assert unpacked(store, made, UNITS, 7) is None
    store.delete(made.key)
    assert unpacked(store, made, UNITS, 3) is None
    assert unpacked_from(store, made, UNITS, 3, 2) == []
    assert unpacked(store, made.model_copy(update={"files": ()}), UNITS, 3) is None
