"""The result store in a folder: of the state, or one that machines share."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Hashable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from featurelens.jobs import disk
from featurelens.jobs.atomic_file import new_file, sync_folder
from featurelens.jobs.kinds.base import KEY_PATTERN
from featurelens.jobs.store.checked_reads import RESULT, CheckedReads, digests, file_name, image_name
from featurelens.jobs.store.last_used import touch
from featurelens.jobs.store.result import Result, sealed


class FileStore(CheckedReads):
    """A folder per key with ``result.json``, its images and files; written aside, synced, then renamed into place."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def image(self, key: str, index: int = 0) -> tuple[bytes, str] | None:
        found = super().image(key, index)
        if found is not None:
            self.used(key)
        return found

    def file(self, key: str, name: str) -> tuple[bytes, str] | None:
        found = super().file(key, name)
        if found is not None:
            self.used(key)
        return found

    def file_part(self, key: str, name: str, start: int, length: int) -> bytes | None:
        found = super().file_part(key, name, start, length)
        if found is not None:
            self.used(key)
        return found

    def version(self, key: str) -> Hashable:
        state = self._state(key, RESULT)
        result = None if state is None else self._results.get(key, state)
        return None if result is None else (state, *(self._state(key, name) for name in digests(result)))

    def used(self, key: str) -> None:
        touch(self._path(key) / RESULT)

    def put(self, result: Result, images: Sequence[bytes], files: Sequence[bytes | memoryview] = ()) -> None:
        target = self._path(result.key)
        aside = self._folder / ".aside"
        aside.mkdir(parents=True, exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        written = aside / f"{result.key}.{uuid4().hex}"
        try:
            written.mkdir()
            for index, png in enumerate(images):
                _write(written / image_name(index), png)
            for file, content in zip(result.files, files, strict=True):
                _write(written / file_name(file.name), content)
            _write(written / RESULT, sealed(result))
            sync_folder(written)
            self._publish(result.key, written, target)
            sync_folder(target.parent)
        finally:
            shutil.rmtree(written, ignore_errors=True)

    def check_writable(self) -> None:
        disk.check_writable(self._folder)

    def delete(self, key: str) -> bool:
        aside = self._folder / ".aside"
        aside.mkdir(parents=True, exist_ok=True)
        gone = aside / f"{key}.{uuid4().hex}.deleted"
        try:
            self._path(key).rename(gone)
        except FileNotFoundError:
            return False
        shutil.rmtree(gone, ignore_errors=True)  # on a network's disk what somebody reads stays, until it is tidied
        return True

    def results(self, prefix: str = "") -> Iterator[Result]:
        for path in self._folder.glob(f"[0-9a-f][0-9a-f]/{prefix or 'f'}*"):
            result = self._understood(path.name) if KEY_PATTERN.fullmatch(path.name) else None
            if result is not None:
                yield result

    def _publish(self, key: str, written: Path, target: Path) -> None:
        """Renames `written` to `target`. A result already there is kept if it is intact, replaced if not."""
        try:
            written.rename(target)
        except OSError:
            if self.get(key) is not None:
                return
            damaged = written.with_name(f"{written.name}.damaged")
            target.rename(damaged)
            shutil.rmtree(damaged, ignore_errors=True)
            written.rename(target)

    def _path(self, key: str) -> Path:
        if not KEY_PATTERN.fullmatch(key):
            raise ValueError(f"no key: {key!r}")
        return self._folder / key[4:6] / key

    def _read(self, key: str, name: str) -> bytes | None:
        if not KEY_PATTERN.fullmatch(key):
            return None
        try:
            return (self._path(key) / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _read_part(self, key: str, name: str, start: int, length: int) -> bytes | None:
        with suppress(FileNotFoundError), (self._path(key) / name).open("rb") as file:
            file.seek(start)
            return file.read(length)
        return None

    def _sha256(self, key: str, name: str) -> str | None:
        with suppress(FileNotFoundError), (self._path(key) / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
        return None

    def _state(self, key: str, name: str) -> Hashable:
        if not KEY_PATTERN.fullmatch(key):
            return None
        try:  # by name: to put a `Path` together takes longer than the question
            found = os.stat(f"{self._folder}/{key[4:6]}/{key}/{name}")  # noqa: PTH116
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns


def _write(path: Path, content: bytes | memoryview) -> None:
    with new_file(path, durable=True) as file:
        file.write(content)
