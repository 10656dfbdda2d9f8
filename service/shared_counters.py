"""Where the processes of one service share their counters: a folder of the state, which nothing clears away by age."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Asked for by prometheus_client, once, when it is imported."""

ROOM = 1 << 20
"""Bytes of each file, several times what all counters take."""

_HELD = "held"
"""The file in it that its service has locked."""


@contextmanager
def shared_counters(state: Path) -> Iterator[None]:
    """A folder of this service's own until it ends, or is killed: then the next one takes it away. Raises OSError."""
    parent = state / "counters"
    parent.mkdir(parents=True, exist_ok=True)
    with (parent / ".lock").open("a") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        for left in parent.iterdir():
            if left.is_dir() and not _in_use(left):
                shutil.rmtree(left, ignore_errors=True)
        folder = Path(mkdtemp(dir=parent))
        held = (folder / _HELD).open("a")
        fcntl.flock(held, fcntl.LOCK_EX)
    os.environ[VARIABLE] = str(folder)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        held.close()


def reserve() -> None:
    """Takes the room of this process' files, before anything is counted in it: they are mapped, and where the disk has
    none left when a page is first written, the system ends the process.
    """
    for kind in ("counter", "histogram"):
        with suppress(OSError):  # full already: nothing is lost by trying, and pictures are to be served
            (Path(os.environ[VARIABLE]) / f"{kind}_{os.getpid()}.db").write_bytes(bytes(ROOM))


def _in_use(folder: Path) -> bool:
    with (folder / _HELD).open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
