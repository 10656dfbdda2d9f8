"""Objects as files of a folder, which several machines may share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from featurelens.jobs import atomic_file, disk
from featurelens.jobs.store.last_used import COUNTS_FOR, clock, touch


class Folder:
    """Implements `Objects`; made when something is first written. Files whose name begins with a dot are unfinished."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, name: str) -> bytes | None:
        try:
            return (self._path / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, name: str, content: bytes) -> None:
        atomic_file.write(self._path / name, content, durable=True)

    def create(self, name: str, content: bytes) -> bool:
        return atomic_file.create(self._path / name, content, durable=True)

    def rename(self, name: str, to: str) -> bool:
        try:
            (self._path / name).rename(self._path / to)
        except FileNotFoundError:
            return False
        return True

    def delete(self, name: str) -> None:
        (self._path / name).unlink(missing_ok=True)

    def used(self, name: str, counts_for: float = COUNTS_FOR) -> None:
        touch(self._path / name, counts_for)

    def ages(self) -> Iterator[tuple[str, float]]:
        found = [path for path in self._path.rglob("[!.]*") if path.is_file()]
        now = clock(self._path) if found else 0.0
        for path in found:
            with suppress(FileNotFoundError):
                yield str(path.relative_to(self._path)), now - path.stat().st_mtime

    def there(self) -> bool:
        return self._path.is_dir()

    def takes(self) -> str | None:
        trial = f".can-be-written.{uuid4().hex}"
        try:
            self.write(trial, b"")
            self.delete(trial)
        except OSError as error:
            return disk.reason(error) or error.strerror or type(error).__name__
        return None
