"""A disk that takes nothing, and how it says so."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from featurelens.jobs import disk


def test_a_look_leaves_nothing(tmp_path: Path) -> None:
    disk.check_writable(tmp_path)
    disk.check_writable(tmp_path / "not" / "yet")
    assert list(tmp_path.iterdir()) == []
    assert disk.free(tmp_path / "not" / "yet") > 0


def test_what_cannot_be_written() -> None:
    """/proc takes no files, not even of root."""
    with pytest.raises(OSError):
        disk.check_writable(Path("/proc/self"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES])
def test_reasons_name_no_path(number: int) -> None:
    told = disk.reason(OSError(number, os.strerror(number), "/secret/path"))
    assert told is not None
    assert "/" not in told


def test_other_errors_are_no_fault_of_the_disk() -> None:
    assert disk.reason(OSError(errno.ENOENT, "gone")) is None
    assert disk.reason(OSError("without a number")) is None
