"""Addresses of unix sockets in folders that lie too deep for them.

The kernel takes a hundred bytes. A socket elsewhere, under the folder for temporary files, would be removed by whoever
cleans there; so the folder is named by a descriptor instead, which Linux lists under ``/proc``.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LIMIT = 100
"""Bytes in the path of a unix socket; the kernel's own limit is 107 on Linux, 103 on macOS."""


@contextmanager
def unix_address(path: Path) -> Iterator[str]:
    """A name for the socket at `path`, to bind or connect to within the block. Raises OSError when there is none."""
    if len(os.fsencode(path)) <= LIMIT:
        yield str(path)
        return
    if sys.platform != "linux":
        raise OSError(errno.ENAMETOOLONG, "lies too deep for a unix socket", str(path))
    folder = _opened(path.parent)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def short_name(folder: Path, room: int) -> str:
    """A name for `folder` in this process, as long as that runs, with `room` for sockets below it where that can be."""
    if len(os.fsencode(folder)) + room <= LIMIT or sys.platform != "linux":
        return str(folder)
    return f"/proc/self/fd/{_opened(folder)}"


def _opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
