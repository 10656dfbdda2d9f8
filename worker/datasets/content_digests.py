"""Digests of files by their content, kept on disk: a file is read again only when its size or time has changed."""

from __future__ import annotations

import errno
import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

_TABLE = """
CREATE TABLE IF NOT EXISTS digests (folder BLOB, file BLOB, size INTEGER, changed INTEGER, sha256 BLOB,
                                    PRIMARY KEY (folder, file)) WITHOUT ROWID
"""
_PATIENCE = 60.0
"""Seconds that one process waits for another to write."""

_TOGETHER = 1000
"""Files that are read between two writes."""


class Found(NamedTuple):
    """A file within a folder: its name, bytes, and the time of the last change in nanoseconds."""

    name: str
    size: int
    changed: int


class ContentDigests:
    """Of all data sets; shared by the processes that look through them. Safe to delete."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, folder: str, files: Iterable[Found]) -> Iterator[tuple[Found, bytes]]:
        """Each of `files` in `folder` with the sha256 of its content. Raises OSError for one that cannot be read."""
        place = os.fsencode(folder)
        known = self._known(place)
        fresh: list[tuple[bytes, bytes, int, int, bytes]] = []
        there = set()
        try:
            for file in files:
                name = os.fsencode(file.name)
                there.add(name)
                size, changed, digest = known.get(name, (-1, 0, b""))
                if (size, changed) != (file.size, file.changed):
                    digest = _sha256(Path(folder) / file.name)
                    fresh.append((place, name, file.size, file.changed, digest))
                if len(fresh) == _TOGETHER:
                    self._keep(fresh)
                    fresh.clear()
                yield file, digest
        finally:
            self._keep(fresh)
        self._forget((place, name) for name in known.keys() - there)

    def _known(self, folder: bytes) -> dict[bytes, tuple[int, int, bytes]]:
        with self._database() as database:
            rows = database.execute("SELECT file, size, changed, sha256 FROM digests WHERE folder = ?", (folder,))
            return {file: (size, changed, digest) for file, size, changed, digest in rows}

    def _keep(self, fresh: Iterable[tuple[bytes, bytes, int, int, bytes]]) -> None:
        with self._database() as database:
            database.executemany("INSERT OR REPLACE INTO digests VALUES (?, ?, ?, ?, ?)", fresh)

    def _forget(self, gone: Iterable[tuple[bytes, bytes]]) -> None:
        with self._database() as database:
            database.executemany("DELETE FROM digests WHERE folder = ? AND file = ?", gone)

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """In one transaction. Raises OSError for what cannot be read or written."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with closing(sqlite3.connect(self._path, timeout=_PATIENCE)) as database, database:
                database.execute(_TABLE)
                yield database
        except sqlite3.Error as error:
            raise OSError(errno.EIO, f"{self._path.name}: {error}") from error


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
