"""Several processes that answer on one listener: Python runs on one core at a time.

The parent has everything imported and forks; what nobody changes of that is in memory once. It starts another process
for each that ends or hangs, and answers nothing itself.
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from featurelens.jobs.logs import logger

HANGS_AFTER = 30.0
"""Seconds without a sign of life after which a process is killed: as long as the launcher waits for a service."""

LOOK = 0.2
"""Seconds between two looks at all of them."""

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
"""Seconds before the next process is started where the last one ended at once, doubled each time, and their maximum."""

PATIENCE = 10.0
"""Seconds that they have to end when asked to."""

_MOMENT = struct.Struct("d")


class HttpWorkers:
    """`count` processes, each of which runs `serve` with what it calls as a sign of life several times a second."""

    def __init__(self, count: int, serve: Callable[[Callable[[], None]], None]) -> None:
        self._serve = serve
        self._beats = mmap.mmap(-1, count * _MOMENT.size)
        self._places: dict[int, int] = {}
        """By process, where it gives its sign of life."""
        self._free = list(range(count))
        self._pause = FIRST_PAUSE
        self._next = 0.0
        self._stop = False

    def run(self) -> None:
        """Returns when it has been asked to stop, and all of them have ended."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stopping)
        while not self._stop:
            if self._free and time.monotonic() >= self._next:
                self._start(self._free.pop())
                continue
            self._kill_hanging()
            self._reap()
            time.sleep(LOOK)
        self._end()

    def _stopping(self, *_: Any) -> None:
        self._stop = True

    def _start(self, place: int) -> None:
        self._beat(place)
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            self._child(place, parent)
        self._places[pid] = place

    def _child(self, place: int, parent: int) -> NoReturn:
        status = 1
        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)

            def alive() -> None:
                if os.getppid() != parent:
                    os.kill(os.getpid(), signal.SIGTERM)
                self._beat(place)

            self._serve(alive)
            status = 0
        except Exception as error:  # noqa: BLE001 - above it is only what the parent was about to do
            logger().error("a process cannot go on", error=repr(error), exc_info=True)
        finally:
            os._exit(status)

    def _beat(self, place: int) -> None:
        _MOMENT.pack_into(self._beats, place * _MOMENT.size, time.monotonic())

    def _kill_hanging(self) -> None:
        for pid, place in self._places.items():
            (beat,) = _MOMENT.unpack_from(self._beats, place * _MOMENT.size)
            if time.monotonic() - beat > HANGS_AFTER:
                logger().warning("a process hangs; killed", pid=pid)
                os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        """Makes the places of those that have ended free."""
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                if pid in self._places:
                    self._free.append(self._places.pop(pid))
                    if not self._stop:
                        code = os.waitstatus_to_exitcode(status)
                        logger().warning("a process has ended; starting another", pid=pid, status=code)
                        soon = time.monotonic() < self._next + LONGEST_PAUSE
                        self._pause = min(2 * self._pause, LONGEST_PAUSE) if soon else FIRST_PAUSE
                        self._next = time.monotonic() + self._pause

    def _end(self) -> None:
        for pid in self._places:
            os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + PATIENCE
        while self._places and time.monotonic() < end:
            self._reap()
            time.sleep(LOOK / 4)
        for pid in self._places:
            os.kill(pid, signal.SIGKILL)
