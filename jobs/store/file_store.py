"""The result store in a folder of the state."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import uuid4

from featurelens.jobs.atomic_file import new_file, sync_folder
from featurelens.jobs.kinds.base import KEY_PATTERN
from featurelens.jobs.store.last_used import touch
from featurelens.jobs.store.result import Result, sealed, unsealed


class FileStore:
    """A folder per key with ``result.json`` and ``image-0.png`` ...; written aside, synced, then renamed into place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_all(self, keys: Sequence[str]) -> dict[str, Result]:
        found = ((key, self.get(key)) for key in keys)
        return {key: result for key, result in found if result is not None}

    def get(self, key: str) -> Result | None:
        result = self._result(key)
        if result is None or any(self._png(result, index) is None for index in range(len(result.images))):
            return None
        return result

    def image(self, key: str, index: int = 0) -> tuple[bytes, str] | None:
        result = self._result(key)
        if result is None or not 0 <= index < len(result.images):
            return None
        png = self._png(result, index)
        if png is None:
            return None
        touch(self._path(key) / "result.json")
        return png, result.images[index].sha256

    def put(self, result: Result, images: Sequence[bytes]) -> None:
        target = self._path(result.key)
        aside = self._folder / ".aside"
        aside.mkdir(parents=True, exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        written = aside / f"{result.key}.{uuid4().hex}"
        try:
            written.mkdir()
            for index, png in enumerate(images):
                _write(written / f"image-{index}.png", png)
            _write(written / "result.json", sealed(result))
            sync_folder(written)
            self._publish(result.key, written, target)
            sync_folder(target.parent)
        finally:
            shutil.rmtree(written, ignore_errors=True)

    def delete(self, key: str) -> bool:
        aside = self._folder / ".aside"
        aside.mkdir(parents=True, exist_ok=True)
        gone = aside / f"{key}.{uuid4().hex}.deleted"
        try:
            self._path(key).rename(gone)
        except FileNotFoundError:
            return False
        shutil.rmtree(gone)
        return True

    def results(self) -> Iterator[Result]:
        for path in self._folder.glob("[0-9a-f][0-9a-f]/f*"):
            result = self._result(path.name) if KEY_PATTERN.fullmatch(path.name) else None
            if result is not None:
                yield result

    def _publish(self, key: str, written: Path, target: Path) -> None:
        """A rename onto a folder that is not empty fails: whoever holds a good one was first, a bad one goes."""
        try:
            written.rename(target)
        except OSError:
            if self.get(key) is not None:
                return
            target.rename(written.with_suffix(".damaged"))
            shutil.rmtree(written.with_suffix(".damaged"), ignore_errors=True)
            written.rename(target)

    def _path(self, key: str) -> Path:
        if not KEY_PATTERN.fullmatch(key):
            raise ValueError(f"no key: {key!r}")
        return self._folder / key[4:6] / key

    def _result(self, key: str) -> Result | None:
        try:
            return unsealed((self._path(key) / "result.json").read_bytes(), key)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None

    def _png(self, result: Result, index: int) -> bytes | None:
        try:
            png = (self._path(result.key) / f"image-{index}.png").read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return png if hashlib.sha256(png).hexdigest() == result.images[index].sha256 else None


def _write(path: Path, content: bytes) -> None:
    with new_file(path, durable=True) as file:
        file.write(content)
