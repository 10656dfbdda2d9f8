"""What can be kept within a size: entries by name, each of which can be made, or sent, again."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.last_used import clock

LEFTOVER = 3600.0
"""Seconds after which an unfinished file has been left by a process that died; nothing takes that long to write."""


JUST_NOW = 60.0
"""Seconds within which a job is among those in flight, once it has been found acceptable."""


class Entry(NamedTuple):
    """When it was used last (seconds since 1970, good to an hour), its size, its name."""

    last_used: float
    bytes: int
    name: str


class Evictable(Protocol):
    """What `service.eviction.eviction` keeps within a size."""

    def entries(self) -> Iterator[Entry]: ...

    def delete(self, name: str) -> bool:
        """Whether it is gone, through this or another process; false: it must stay after all."""

    def needed(self) -> Collection[str]:
        """Names of entries that must stay, whatever their size."""

    def tidy(self) -> None:
        """Clears away what processes that died have left unfinished."""


class EvictableFiles:
    """All files of a folder, at whatever depth; those whose name begins with a dot are not finished."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def entries(self) -> Iterator[Entry]:
        for path in self._folder.rglob("[!.]*"):
            with suppress(FileNotFoundError):
                if path.is_file():
                    found = path.stat()
                    yield Entry(found.st_mtime, found.st_size, str(path.relative_to(self._folder)))

    def delete(self, name: str) -> bool:
        with suppress(FileNotFoundError):  # another process that evicts here was quicker
            (self._folder / name).unlink()
        return True

    def needed(self) -> Collection[str]:
        return ()

    def tidy(self) -> None:
        for path in self._folder.rglob(".*"):
            with suppress(FileNotFoundError):
                if path.is_file() and _left_over(path):
                    path.unlink()


class EvictablePhotos(EvictableFiles):
    """Photographs, but for those that jobs in flight work on (`wanted`), or that have been used just now.

    So one that a job is being accepted for stays: it was used before, and the job is among the others before long.
    """

    def __init__(self, folder: Path, wanted: Callable[[], Collection[str]]) -> None:
        super().__init__(folder)
        self._wanted = wanted

    def needed(self) -> Collection[str]:
        return {f"{digest}.png" for digest in self._wanted()}

    def delete(self, name: str) -> bool:
        with suppress(FileNotFoundError):
            if clock(self._folder) - (self._folder / name).stat().st_mtime < JUST_NOW:
                return False
        return super().delete(name)


class EvictableResults:
    """The finished pictures of a `FileStore` that lives in `folder`."""

    def __init__(self, store: FileStore, folder: Path) -> None:
        self._store = store
        self._folder = folder

    def entries(self) -> Iterator[Entry]:
        """Without those that are damaged and about to be made again."""
        for folder in self._folder.glob("[0-9a-f][0-9a-f]/f*"):
            with suppress(FileNotFoundError):
                last_used = (folder / "result.json").stat().st_mtime
                yield Entry(last_used, sum(file.stat().st_size for file in folder.iterdir()), folder.name)

    def delete(self, name: str) -> bool:
        self._store.delete(name)  # unless another process that evicts here was quicker
        return True

    def needed(self) -> Collection[str]:
        return ()

    def tidy(self) -> None:
        for path in (self._folder / ".aside").glob("*"):
            with suppress(FileNotFoundError):
                if _left_over(path):
                    # Away as a whole first: should somebody still write there, nothing torn is published.
                    gone = path.rename(path.with_name(f"{path.name}.gone"))
                    shutil.rmtree(gone, ignore_errors=True)  # on a network's disk what somebody reads stays for now


def _left_over(path: Path) -> bool:
    return clock(path.parent) - path.stat().st_mtime > LEFTOVER
