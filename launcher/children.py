"""A child process: started, checked, restarted, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import IO, Any, Protocol

from featurelens.jobs.queue.deaths import oom_kills
from featurelens.launcher.logs import end_of, last_line, open_log
from featurelens.launcher.process import Process, spawn
from featurelens.launcher.role import Death, Role

FALSE_STARTS = 5
"""Ends before ever being ready after which a child is given up, where the others are worth nothing without it."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
"""Seconds before a restart, doubled with every end within the last minute, and their maximum."""
LONGEST_FALSE_PAUSE = 30.0
"""The same maximum while it ends before it is ready."""
READY_INTERVAL = 0.1
"""Seconds between two checks whether a child is ready."""
HANG_INTERVAL = 5.0
"""Seconds between two checks whether a child hangs, where its role has such a check."""


class GaveUp(Exception):
    """A child cannot be kept running. The message is for the operator."""


class Forking(Protocol):
    """What forks processes that are children of this one all the same (`launcher.fork_server`)."""

    @property
    def busy(self) -> bool: ...

    async def fork(self, role: Role, output: IO[bytes] | None) -> Process: ...


class Child:
    """One role and its current process."""

    def __init__(
        self, role: Role, environment: Mapping[str, str], say: Callable[[str], None], server: Forking | None = None
    ) -> None:
        self.role = role
        self.ready = asyncio.Event()
        self.process: Process | None = None
        self.ended = asyncio.Event()
        self._environment = environment
        self._say = say
        self._server = server
        self._ends: deque[float] = deque(maxlen=16)
        self._false_starts = 0
        self._once_ready = False
        self._hung = False
        self._oom_kills: int | None = None

    async def start(self) -> None:
        """Raises OSError."""
        self._hung = False
        self._oom_kills = oom_kills()
        if self.role.prepare is not None:
            self.role.prepare()
        output = open_log(self.role.log)
        try:
            self.process = await self._forked(output) or spawn(self.role, self._environment, output)
            self.ended.clear()  # not before: the end of the last one is noticed for as long as that is the process
        finally:
            if output:
                output.close()

    async def _forked(self, output: IO[bytes] | None) -> Process | None:
        """As a child of the fork server, if there is one that answers. Raises OSError when that cannot."""
        if self._server is None:
            return None
        try:
            return await self._server.fork(self.role, output)
        except TimeoutError:
            self._say(f"{self.role.name} is started without the fork server, which does not answer")
            return None

    @property
    def forking(self) -> bool:
        """Whether there may be a process of a child, this one or another, whose id is not known yet."""
        return self._server is not None and self._server.busy

    def reap(self) -> None:
        """Notices the end of the process. Called on every SIGCHLD."""
        if self.process is not None and self.process.poll() is not None:
            self.ended.set()

    async def keep(self) -> None:
        """Starts the process, again whenever it ends, until cancelled. Raises `GaveUp`, see `Role.vital`."""
        while True:
            try:
                await self.start()
            except OSError as error:  # no memory or no process left at the moment, or no place for the log
                self._say(f"{self.role.name} cannot be started: {error}; again in {LONGEST_PAUSE:g} s")
                await asyncio.sleep(LONGEST_PAUSE)
                continue
            await self._watch()
            await self._tell()
            now = time.monotonic()
            self._ends.append(now)
            recent = sum(now - end < 60 for end in self._ends)
            pause = min(FIRST_PAUSE * 2 ** (recent - 1), LONGEST_PAUSE)
            if self.ready.is_set():
                self._false_starts, self._once_ready = 0, True
                self._say(f"{self.role.name} {self._how()}; starting it again")
            else:
                self._false_starts += 1
                pause = max(pause, min(FIRST_PAUSE * 2 ** (self._false_starts - 1), LONGEST_FALSE_PAUSE))
                self._complain(pause)
            self.ready.clear()
            await asyncio.sleep(pause)

    async def stop(self) -> None:
        """Sends SIGTERM, waits `patience` seconds, then kills the whole process group."""
        if self.process is None:
            return
        self.reap()
        if not self.ended.is_set():
            self.process.terminate()
            try:
                async with asyncio.timeout(self.role.patience):
                    await self.ended.wait()
            except TimeoutError:
                self._say(f"{self.role.name} did not stop within {self.role.patience:g} s; killed")
        self._kill_group()
        self.process.wait()
        self.ended.set()

    async def _watch(self) -> None:
        """Returns when the process has ended; marks it ready on the way."""
        process = self.process
        assert process is not None
        end = asyncio.create_task(self.ended.wait())
        try:
            while not end.done():
                if await self.role.ready(process.pid):
                    self._lower_priority()
                    self.ready.set()
                    await self._kill_if_hung(end)
                await asyncio.wait({end}, timeout=READY_INTERVAL)
        finally:
            end.cancel()
        self._kill_group()

    async def _kill_if_hung(self, end: asyncio.Task[Any]) -> None:
        """Returns when the process has ended, by itself or because it hung."""
        process, hangs = self.process, self.role.hangs
        assert process is not None
        strikes = 0
        while not end.done():
            await asyncio.wait({end}, timeout=HANG_INTERVAL if hangs else None)
            strikes = strikes + 1 if hangs and not end.done() and await hangs(process.pid) else 0
            if strikes == self.role.strikes:
                self._say(f"{self.role.name} does not answer any more; killed")
                self._hung = True
                self._kill_group()

    async def _tell(self) -> None:
        assert self.process is not None
        if self.role.died is not None:
            status = self.process.wait()
            await self.role.died(Death(self.process.pid, status, self._hung, self._oom_kills))

    def _lower_priority(self) -> None:
        """Sets the niceness of all its threads; while it starts it has the launcher's."""
        assert self.process is not None
        try:
            if self.role.niceness:
                mine = os.getpriority(os.PRIO_PROCESS, 0)
                os.setpriority(os.PRIO_PGRP, self.process.pid, mine + self.role.niceness)
        except ProcessLookupError:
            return  # it ended just now

    def _kill_group(self) -> None:
        assert self.process is not None
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
            return

    def _complain(self, pause: float) -> None:
        """Says why it ended before it was ready. Raises `GaveUp` when it has done so too often."""
        name = self.role.name
        if self.role.vital and not self._once_ready and self._false_starts >= FALSE_STARTS:
            raise GaveUp(f"{name} ended {FALSE_STARTS} times before it was ready{self.end_of_log()}")
        if self._once_ready or not self.role.vital:
            why = f": {last}" if (last := last_line(self.role.log)) else ""
            self._say(f"{name} {self._how()} before it was ready{why}; again in {pause:g} s")
            if way_out := self.role.explain("\n".join(end_of(self.role.log))):
                self._say(way_out)

    def end_of_log(self) -> str:
        """The last lines of its log and what can be done about them, to follow a sentence; empty without any."""
        lines = end_of(self.role.log)
        if not lines:
            return ""
        way_out = self.role.explain("\n".join(lines))
        told = (f"; the end of {self.role.log}:", *(f"  {line}" for line in lines))
        return "\n".join((*told, way_out) if way_out else told)

    def _how(self) -> str:
        code = self.process.returncode if self.process else None
        return f"was killed ({signal.Signals(-code).name})" if code and code < 0 else f"ended (exit status {code})"


def python(module: str, *arguments: str) -> tuple[str, ...]:
    """The command line of one of our own modules; -P keeps the current folder off the import path."""
    return (sys.executable, "-P", "-m", module, *arguments)
