"""A disk that takes nothing: which errors say so, in words, and a look before something is begun."""

from __future__ import annotations

import errno
import shutil
import tempfile
from pathlib import Path

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
"""The error numbers of a full disk."""

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EIO: "the disk fails",
    errno.EACCES: "the permissions of the folder do not allow it",
    errno.EPERM: "the permissions of the folder do not allow it",
    errno.ESTALE: "the folder is gone",
    errno.ENODEV: "the folder is gone",
}


FULL = frozenset(_REASONS[number] for number in NO_ROOM)
"""The same, in words."""


def reason(error: OSError) -> str | None:
    """Why the disk did not do it, without a path of the host; None where it is not the disk's fault."""
    return _REASONS.get(error.errno or 0)


def free(folder: Path) -> int:
    """Bytes that are free where `folder` is, or will be."""
    return shutil.disk_usage(_existing(folder)).free


def check_writable(folder: Path) -> None:
    """Makes a file without a name where `folder` is, or will be. Raises the OSError that forbids it."""
    with tempfile.TemporaryFile(dir=_existing(folder)):
        return


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
