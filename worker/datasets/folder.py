"""A folder of images as a data set: any tree, the first folder is the label.

Images are numbered in the order of the tree: the files of a folder by name, then its folders by name. Names that begin
with a dot, files that are not named like an image, and links to folders are passed over.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from featurelens.jobs.catalog.dataset_entry import MAX_LABELS, DatasetEntry, Label
from featurelens.worker.datasets.content_digests import ContentDigests, Found

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
"""Of the formats that are named so."""
_MOST_PIXELS = 64_000_000
"""As its header says, before it is decoded: a small file may hold a huge picture."""


@dataclass(frozen=True)
class FileReference:
    """An image in a file."""

    path: str

    def open(self) -> Image.Image:
        """Not decoded yet. Raises OSError, or ValueError for one that is too large."""
        image = Image.open(self.path)
        if image.width * image.height > _MOST_PIXELS:
            raise ValueError(f"more than {_MOST_PIXELS:,} pixels")
        return image


class Folder:
    """The images in `folder` as they are now. Raises OSError where it cannot be looked through."""

    def __init__(
        self, name: str, folder: Path, *, look_inside: bool = False, digests: ContentDigests | None = None
    ) -> None:
        """`look_inside`: counts the files that do not begin as images do.

        `digests`: identity goes by the content of files, which are read for it; without, by their sizes and times.
        """
        self._folder = os.fspath(folder)
        self._names: list[str] = []
        digest, broken = hashlib.sha256(), 0
        for file, mark in _marked(self._folder, digests):
            digest.update(os.fsencode(file) + b"\0" + mark + b"\n")
            self._names.append(file)
            broken += look_inside and not _begins_as_image(folder / file)
        self.labels = [_label(file) for file in self._names]
        counted = Counter(label for label in self.labels if label is not None)
        self.entry = DatasetEntry(
            name=name,
            source="local",
            identity=f"sha256:{digest.hexdigest()}",
            images=len(self._names),
            broken=broken,
            label_count=len(counted),
            labels=tuple(Label(name=label, images=count) for label, count in list(counted.items())[:MAX_LABELS]),
        )

    def __len__(self) -> int:
        return len(self._names)

    def reference(self, image: int) -> FileReference:
        return FileReference(f"{self._folder}{os.sep}{self._names[image]}")

    def name(self, image: int) -> str:
        return _readable(self._names[image])


Times = dict[str, int]
"""When folders were changed last, in nanoseconds, by path."""


def folder_times(folder: Path) -> Times:
    """Of all folders in the tree. Raises OSError."""
    return {path: Path(path).stat().st_mtime_ns for path in _folders(os.fspath(folder))}


def unchanged(times: Times) -> bool:
    """Whether no file was added, taken away or renamed since: one look at each folder, none at files."""
    try:
        return all(Path(path).stat().st_mtime_ns == time for path, time in times.items())
    except OSError:
        return False


def _marked(top: str, digests: ContentDigests | None) -> Iterator[tuple[str, bytes]]:
    """Each image, and what changes when it does."""
    if digests is None:
        return ((file.name, b"%d %d" % (file.size, file.changed)) for file in _files(top))
    return ((file.name, digest.hex().encode()) for file, digest in digests.of(top, _files(top)))


def _files(top: str) -> Iterator[Found]:
    """Each image; names are within `top`."""
    for path in _folders(top):
        with os.scandir(path) as entries:
            images = [one for one in entries if _named_like_an_image(one)]
        for one in sorted(images, key=lambda one: os.fsencode(one.name)):
            stat = one.stat()
            yield Found(os.path.relpath(one.path, top), stat.st_size, stat.st_mtime_ns)


def _folders(top: str) -> Iterator[str]:
    yield top
    with os.scandir(top) as entries:
        inner = [one for one in entries if one.is_dir(follow_symlinks=False) and not one.name.startswith(".")]
    for one in sorted(inner, key=lambda one: os.fsencode(one.name)):
        yield from _folders(one.path)


def _named_like_an_image(entry: os.DirEntry[str]) -> bool:
    name = entry.name
    return name.lower().endswith(SUFFIXES) and not name.startswith(".") and entry.is_file()


def _begins_as_image(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(12).startswith(_BEGINNINGS)
    except OSError:
        return False


def _label(file: str) -> str | None:
    first, inside, _ = file.partition(os.sep)
    return _readable(first) if inside else None


def _readable(name: str) -> str:
    """Names of files are bytes, of which not all are text."""
    return os.fsencode(name).decode("utf-8", "replace")
