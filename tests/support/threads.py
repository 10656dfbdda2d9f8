"""Threads that the interpreter waits for at its end."""

from __future__ import annotations

import gc
import threading
import time


def threads_left(within: float) -> list[threading.Thread]:
    """Those beside the main one that have not ended after so many seconds."""
    end = time.monotonic() + within
    while (left := _there()) and time.monotonic() < end:
        gc.collect()  # pools that nobody has any more end theirs
        time.sleep(0.1)
    return left


def _there() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if not one.daemon and one is not threading.main_thread()]
