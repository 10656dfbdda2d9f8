"""Data sets as the operator lays them out: what counts as an image, what its label is, when it has changed."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from PIL import Image
from structlog.testing import capture_logs

from featurelens.jobs.catalog.dataset_entry import DatasetEntry
from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.settings import Settings
from featurelens.worker.datasets import content_digests
from featurelens.worker.datasets.patterns import EACH, SIDE, Patterns
from featurelens.worker.datasets.shelf import Shelf
from featurelens.worker.models.patternnet.patterns import LABELS


class Clock:
    """Stands until it is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def picture(path: Path, grey: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (9, 9), grey).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    sets = tmp_path / "sets"
    for grey, name in enumerate(("b/2.png", "b/deep/1.PNG", "a c/1.jpg", "top.webp")):
        picture(sets / "mine" / name, grey)
    for name in (".hidden.png", "read.me", "b/.cache/1.png"):
        picture(sets / "mine" / "x.png")
        (sets / "mine" / name).parent.mkdir(exist_ok=True)
        (sets / "mine" / "x.png").rename(sets / "mine" / name)
    (sets / "mine" / "b" / "0.png").write_bytes(b"no image")
    (sets / "mine" / "loop").symlink_to(sets / "mine")
    return sets


def entry(shelf: Shelf, name: str = "mine") -> DatasetEntry:
    return next(one for one in shelf.entries() if one.name == name)


def test_a_tree_of_images(folder: Path) -> None:
    shelf = Shelf(folder)
    told = entry(shelf)
    assert (told.images, told.broken, told.label_count) == (5, 1, 2)
    assert [(label.name, label.images) for label in told.labels] == [("a c", 1), ("b", 3)]
    images = shelf.open("mine", told.identity)
    assert [images.name(one) for one in range(len(images))] == [
        "top.webp",
        "a c/1.jpg",
        "b/0.png",
        "b/2.png",
        "b/deep/1.PNG",
    ]
    assert images.labels == [None, "a c", "b", "b", "b"]
    with images.reference(4).open() as image:
        assert image.size == (9, 9)
    with pytest.raises(OSError, match="cannot identify"):
        images.reference(2).open()


def test_another_identity_when_anything_changes(folder: Path) -> None:
    clock = Clock()
    shelf = Shelf(folder, clock)
    known = [entry(shelf).identity]
    assert entry(shelf).identity == known[0]
    picture(folder / "mine" / "b" / "3.png")
    known.append(entry(shelf).identity)
    (folder / "mine" / "b" / "3.png").rename(folder / "mine" / "b" / "4.png")
    known.append(entry(shelf).identity)
    os.utime(folder / "mine" / "top.webp", (1, 1))
    clock.now = 60.0  # what is written over in place is looked for now and then
    known.append(entry(shelf).identity)
    assert len(set(known)) == 4
    with pytest.raises(RenderFailed, match="has changed"):
        shelf.open("mine", known[0])


def test_identity_by_content(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was copied elsewhere or touched is the same; each file is read once, by whichever process."""
    read: list[str] = []
    digest = content_digests._sha256

    def counted(path: Path) -> bytes:
        read.append(path.name)
        return digest(path)

    monkeypatch.setattr(content_digests, "_sha256", counted)

    def shelf(where: Path = folder) -> Shelf:
        return Shelf.of(Settings(datasets=where, state=tmp_path / "state", dataset_identity="content"))

    first = entry(shelf())
    assert (first.images, len(read)) == (5, 5)
    assert entry(shelf()) == first
    assert len(shelf().open("mine", first.identity)) == 5
    assert len(read) == 5
    os.utime(folder / "mine" / "top.webp", (1, 1))
    assert entry(shelf()) == first
    assert read[5:] == ["top.webp"]
    shutil.copytree(folder, tmp_path / "copy", symlinks=True)
    assert entry(shelf(tmp_path / "copy")) == first
    picture(folder / "mine" / "top.webp", 200)
    assert entry(shelf()).identity != first.identity
    assert entry(Shelf(folder)).identity != first.identity
    (folder / "mine" / "b" / "2.png").unlink()
    assert entry(shelf()).images == 4
    with sqlite3.connect(tmp_path / "state" / "cache" / "content.sqlite") as database:
        kept = [file for (file,) in database.execute("SELECT file FROM digests")]
    assert (kept.count(b"b/2.png"), kept.count(b"top.webp")) == (1, 2), "that of the copy stays"


def test_what_is_kept_cannot_be_read(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "state" / "cache" / "content.sqlite"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"no database" * 100)
    shelf = Shelf.of(Settings(datasets=folder, state=tmp_path / "state", dataset_identity="content"))
    with capture_logs() as logs:
        assert [one.name for one in shelf.entries()] == ["patterns"]
    assert "not a database" in logs[0]["reason"]


def test_what_is_no_data_set_is_told_once(folder: Path) -> None:
    for name in ("Ünfit", "patterns"):
        picture(folder / name / "1.png")
    shelf = Shelf(folder)
    with capture_logs() as logs:
        for _ in range(2):
            assert [one.name for one in shelf.entries()] == ["patterns", "mine"]
    assert [line["folder"] for line in logs] == ["patterns", "Ünfit"]
    for name, reason in (("Ünfit", "gone"), ("../sets/mine", "gone"), ("nowhere", "gone")):
        with pytest.raises(RenderFailed, match=reason):
            shelf.open(name, "sha256:" + "0" * 64)
    assert [one.name for one in Shelf(None).entries()] == ["patterns"]


def test_names_that_are_no_text(tmp_path: Path) -> None:
    label = os.fsdecode(b"caf\xe9")
    picture(tmp_path / "mine" / label / "1.png")
    told = entry(Shelf(tmp_path))
    assert [one.name for one in told.labels] == ["caf\ufffd"]
    assert "caf" in told.model_dump_json()


def test_patterns_are_the_same_each_time_and_of_their_class() -> None:
    images = Patterns()
    assert (len(images), images.entry.images) == (EACH * len(LABELS), len(images.labels))
    first, again, other = (images.reference(one).open() for one in (EACH, EACH, EACH + 1))
    assert first.size == (SIDE, SIDE)
    assert first.tobytes() == again.tobytes() != other.tobytes()
    assert images.labels[EACH] == LABELS[1] == images.entry.labels[1].name
