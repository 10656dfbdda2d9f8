"""Control over descendants: children that die with their parent, orphans that it adopts.

Only Linux has this. Elsewhere these functions do nothing, and a launcher killed by force leaves its children behind.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Collection
from pathlib import Path

_SET_DEATH_SIGNAL = 1
_SET_CHILD_SUBREAPER = 36
_LINUX = sys.platform == "linux"
# Loaded here because it is used between fork and exec, where nothing may be loaded any more.
_prctl = ctypes.CDLL(None, use_errno=True).prctl if _LINUX else None


def die_with_parent(parent: int, ending: signal.Signals) -> None:
    """Called in the new child, which gets the signal `ending` when the process `parent` ends for any reason."""
    if _prctl is None:
        return
    _prctl(_SET_DEATH_SIGNAL, int(ending), 0, 0, 0)
    if os.getppid() != parent:  # it ended between fork and here
        os._exit(1)


def adopt_orphans() -> None:
    """Makes this process the parent of descendants whose parent ends (a subreaper)."""
    if _prctl is not None:
        _prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


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
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # pid (name) state parent ...; the name may hold spaces and brackets
            parent = stat.read_text(errors="replace").rpartition(")")[2].split()[1]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == me:
            found.add(int(stat.parent.name))
    return found
