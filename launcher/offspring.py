"""Control over descendants: orphans that their launcher adopts.

Only Linux has this. Elsewhere these functions do nothing, and a launcher killed by force leaves its children behind.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Collection
from pathlib import Path

from featurelens.jobs import process_stat

_SET_CHILD_SUBREAPER = 36
_LINUX = sys.platform == "linux"


def adopt_orphans() -> None:
    """Makes this process the parent of descendants whose parent ends (a subreaper)."""
    if _LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_orphans(known: Collection[int]) -> None:
    """Kills every child of this process that is not `known`, and waits for its end."""
    for pid in _children() - set(known):
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError):
            continue  # ended on its own since the listing


def _children() -> set[int]:
    if not _LINUX:
        return set()
    me, found = os.getpid(), set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = process_stat.fields(folder)[1]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == me:
            found.add(int(folder.name))
    return found
