"""When a file was last used, kept as its modification time: eviction starts with the least recently used."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

COUNTS_FOR = 3600.0
"""Seconds between two updates of a file's time: exact order does not matter, and an update is a write to disk."""


def touch(path: Path, counts_for: float = COUNTS_FOR) -> None:
    """Marks a file as used now, unless it was within `counts_for` seconds. A full disk or a missing file is ignored.

    With 0 it is marked whatever this machine's clock says, which need not be the one that times files.
    """
    with suppress(OSError):
        if not counts_for or time.time() - path.stat().st_mtime > counts_for:
            os.utime(path)


def clock(folder: Path) -> float:
    """Now, by the clock that times files: that of this process may have been set since, or be another machine's."""
    with TemporaryFile(dir=folder) as fresh:
        return os.fstat(fresh.fileno()).st_mtime
