"""A look at a file, noted in the file itself: what nobody looks at for longest is evicted first."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

COUNTS_FOR = 3600.0
"""Seconds: looking is far more frequent than evicting, and a write to disk is not free."""


def touch(path: Path) -> None:
    """A full disk, or a file that has gone meanwhile, does not matter."""
    with suppress(OSError):
        if time.time() - path.stat().st_mtime > COUNTS_FOR:
            os.utime(path)
