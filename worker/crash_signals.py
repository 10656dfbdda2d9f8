"""Signals of a crash that another process has sent: ``kill -SEGV``, a watchdog's SIGABRT.

Blocked, they kill all the same when the kernel raises them for what a thread does, or `abort` does. Those from outside
are left over for whoever waits for them, so the two can be told apart: by how the process ends. Only Linux has both.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from featurelens.jobs.logs import logger
from featurelens.jobs.queue.deaths import STRUCK

_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)


def tell_apart() -> None:
    """From now on such a signal from outside ends the process with the exit status `STRUCK`.

    Call before any library has started threads, which would take the signal, and again in a child after a fork.
    """
    if sys.platform == "linux":
        signal.pthread_sigmask(signal.SIG_BLOCK, _CRASHES)
        threading.Thread(target=_await, name="crash signals", daemon=True).start()


def _await() -> None:
    told = signal.sigwaitinfo(_CRASHES)
    logger().critical("killed from outside", signal=signal.Signals(told.si_signo).name, sender=told.si_pid)
    os._exit(STRUCK)
