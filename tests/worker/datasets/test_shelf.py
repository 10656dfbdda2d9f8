"""Data sets as the operator lays them out: what counts as an image, what its label is, when it has changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image
from structlog.testing import capture_logs

from featurelens.jobs.catalog.dataset_entry import DatasetEntry
from featurelens.jobs.errors import RenderFailed
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
