"""Processes that end with their parent, whatever ended that. Only Linux sees to it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_SET_DEATH_SIGNAL = 1
# Loaded here because it is used between fork and exec, where nothing may be loaded any more.
_prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None


def die_with_parent(parent: int, ending: signal.Signals = signal.SIGKILL) -> None:
    """Called in a new child, which gets the signal `ending` when the process `parent` ends for any reason."""
    if _prctl is not None:
        _prctl(_SET_DEATH_SIGNAL, int(ending), 0, 0, 0)
    if os.getppid() != parent:  # it ended between fork and here
        os._exit(1)
