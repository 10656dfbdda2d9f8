"""All data sets under one roof: listed for the catalog, opened for a scan."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import structlog

from featurelens.jobs.catalog.dataset_entry import DatasetEntry
from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.settings import Settings
from featurelens.worker.datasets import patterns
from featurelens.worker.datasets.base import Images
from featurelens.worker.datasets.content_digests import ContentDigests
from featurelens.worker.datasets.folder import Folder, Times, folder_times, unchanged
from featurelens.worker.datasets.patterns import Patterns

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")
_SHARE = 50
"""Files that are written over in place show only when all are looked at: that is done for a fiftieth of the time."""

log = structlog.get_logger(__name__)


class _Seen:
    """A folder as it was looked through last."""

    def __init__(self, entry: DatasetEntry, times: Times, at: float, seconds: float) -> None:
        self.entry, self.times = entry, times
        self.due = at + _SHARE * seconds


class Shelf:
    """The folders in `folder`, looked at anew each time but not through, and the bundled patterns."""

    def __init__(
        self,
        folder: Path | None,
        clock: Callable[[], float] = time.monotonic,
        digests: ContentDigests | None = None,
    ) -> None:
        """`digests`: as for `Folder`."""
        self._folder = folder
        self._clock = clock
        self._digests = digests
        self._seen: dict[str, _Seen] = {}
        self._left_out: dict[str, str] = {}
        """Why folders cannot be read, by name: told once, and again when the reason changes."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """That of the settings."""
        by_content = settings.dataset_identity == "content"
        digests = ContentDigests(settings.cache_folder / "content.sqlite") if by_content else None
        return cls(settings.datasets, digests=digests)

    def entries(self) -> list[DatasetEntry]:
        """All that can be read; the others are logged with the reason."""
        found = [Patterns().entry]
        for name in self._names():
            try:
                found.append(self._entry(name))
                self._left_out.pop(name, None)
            except (OSError, ValueError) as error:
                reason = error.strerror or "" if isinstance(error, OSError) else str(error)
                if self._left_out.get(name) != reason:
                    log.warning("data set left out", folder=name, reason=reason)
                self._left_out[name] = reason
        return found

    def open(self, name: str, identity: str) -> Images:
        """The images of a data set. Raises `RenderFailed` when it is gone or another by now."""
        if name == patterns.NAME:
            found: Images = Patterns()
        else:
            try:
                found = Folder(name, self._path(name), digests=self._digests)
            except (OSError, ValueError) as error:
                raise RenderFailed(f"the data set {name} is gone") from error
        if found.entry.identity != identity:
            raise RenderFailed(f"the data set {name} has changed since this was asked for; ask again in a moment")
        return found

    def _names(self) -> list[str]:
        if self._folder is None or not self._folder.is_dir():
            return []
        return sorted(path.name for path in self._folder.iterdir() if path.is_dir() and not path.name.startswith("."))

    def _path(self, name: str) -> Path:
        if self._folder is None:
            raise ValueError("FEATURELENS_DATASETS is not set")
        if not _NAME.fullmatch(name):
            raise ValueError("a name starts with a-z or 0-9 and goes on with those, dot, dash and underscore")
        if name == patterns.NAME:
            raise ValueError("this is the name of the bundled data set")
        return self._folder / name

    def _entry(self, name: str) -> DatasetEntry:
        path, seen, begun = self._path(name), self._seen.get(name), self._clock()
        if seen is None or begun >= seen.due or not unchanged(seen.times):
            times = folder_times(path)
            entry = Folder(name, path, look_inside=True, digests=self._digests).entry
            now = self._clock()
            seen = self._seen[name] = _Seen(entry, times, now, now - begun)
        return seen.entry
