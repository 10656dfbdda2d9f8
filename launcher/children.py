"""Child processes: started, checked, restarted, and stopped in order."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from featurelens.launcher.offspring import adopt_orphans, die_with_parent, kill_orphans

FALSE_STARTS = 5
"""Ends in a row, before ever being ready, after which a child is given up."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
"""Seconds before a restart, doubled with every end within the last minute, and their maximum."""
READY_INTERVAL = 0.1
"""Seconds between two checks whether a child is ready."""
HANG_INTERVAL = 5.0
"""Seconds between two checks whether a child hangs, where its role has such a check."""
STRIKES = 3
"""Checks in a row that must find it hanging: after the broker was away or wiped, a heartbeat may be 5 s late."""

Ready = Callable[[int], Awaitable[bool]]
"""A check of the process with this id."""


class GaveUp(Exception):
    """A child cannot be kept running. The message is for the operator."""


@dataclass(frozen=True)
class Role:
    """How one child is started, checked and stopped."""

    name: str
    command: Sequence[str]
    ready: Ready
    """Whether it does its work yet."""
    log: Path | None = None
    """The file its output is appended to; None: the launcher's own output."""
    patience: float = 10.0
    """Seconds between SIGTERM and SIGKILL."""
    hangs: Ready | None = None
    """Whether the process hangs; it is killed after `STRIKES` checks in a row have said so."""
    orphaned: signal.Signals = signal.SIGKILL
    """The signal it gets when the launcher itself is killed."""
    explain: Callable[[str], str] = lambda _: ""
    """What the operator can do about an end, given the end of its log; empty: nothing is known."""
    niceness: int = 0
    """Added to the launcher's niceness once it is ready."""


class Child:
    """One role and its current process."""

    def __init__(self, role: Role, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
        self.role = role
        self.ready = asyncio.Event()
        self.process: subprocess.Popen[bytes] | None = None
        self.ended = asyncio.Event()
        self._environment = environment
        self._say = say
        self._ends: deque[float] = deque(maxlen=16)
        self._false_starts = 0

    def start(self) -> None:
        parent = os.getpid()
        self.ended.clear()
        output = self._output()
        try:
            self.process = subprocess.Popen(
                self.role.command,
                env=dict(self._environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                process_group=0,
                preexec_fn=lambda: die_with_parent(parent, self.role.orphaned),
            )
        finally:
            if output:
                output.close()

    def reap(self) -> None:
        """Notices the end of the process. Called on every SIGCHLD."""
        if self.process is not None and self.process.poll() is not None:
            self.ended.set()

    async def keep(self) -> None:
        """Starts the process, again whenever it ends, until cancelled. Raises `GaveUp` when it never gets ready."""
        while True:
            self.start()
            await self._watch()
            now = time.monotonic()
            self._ends.append(now)
            if self.ready.is_set():
                self._say(f"{self.role.name} {self._how()}; starting it again")
            else:
                self._false_starts += 1
            self.ready.clear()
            if self._false_starts >= FALSE_STARTS:
                raise GaveUp(f"{self.role.name} ended {FALSE_STARTS} times before it was ready{self._end_of_log()}")
            recent = sum(now - end < 60 for end in self._ends)
            await asyncio.sleep(min(FIRST_PAUSE * 2 ** (recent - 1), LONGEST_PAUSE))

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
                    self._false_starts = 0
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
            if strikes == STRIKES:
                self._say(f"{self.role.name} does not answer any more; killed")
                self._kill_group()

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

    def _how(self) -> str:
        code = self.process.returncode if self.process else None
        return f"was killed ({signal.Signals(-code).name})" if code and code < 0 else f"ended (exit status {code})"

    def _output(self) -> IO[bytes] | None:
        if self.role.log is None:
            return None
        self.role.log.parent.mkdir(parents=True, exist_ok=True)
        return self.role.log.open("ab")

    def _end_of_log(self) -> str:
        if self.role.log is None:
            return ""
        lines = self.role.log.read_text(errors="replace").splitlines()[-8:]
        told = "\n".join((f"; the end of {self.role.log}:", *(f"  {line}" for line in lines)))
        way_out = self.role.explain("\n".join(lines))
        return f"{told}\n{way_out}" if way_out else told


class Family:
    """All children of one launcher. `failure` is set when one of them has to be given up."""

    def __init__(self, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
        self.environment = dict(environment)
        self.failure: asyncio.Future[GaveUp] = asyncio.get_running_loop().create_future()
        self._say = say
        self._children: list[Child] = []
        self._keepers: list[asyncio.Task[None]] = []
        adopt_orphans()
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)

    def start(self, role: Role) -> Child:
        """Starts a child, which is kept running from now on."""
        child = Child(role, self.environment, self._say)
        self._children.append(child)
        keeper = asyncio.create_task(child.keep(), name=role.name)
        keeper.add_done_callback(self._keeper_ended)
        self._keepers.append(keeper)
        return child

    async def stop(self, order: Sequence[Sequence[Child]]) -> None:
        """Stops the children group after group, then kills what they left behind."""
        await finish(self._keepers)
        for group in order:
            await asyncio.gather(*(child.stop() for child in group))
        asyncio.get_running_loop().remove_signal_handler(signal.SIGCHLD)
        kill_orphans(())

    def _reap(self) -> None:
        for child in self._children:
            child.reap()
        kill_orphans({child.process.pid for child in self._children if child.process})

    def _keeper_ended(self, keeper: asyncio.Task[None]) -> None:
        if keeper.cancelled() or self.failure.done():
            return
        problem = keeper.exception()
        if isinstance(problem, GaveUp):
            self.failure.set_result(problem)
        elif problem is not None:
            self.failure.set_exception(problem)


async def finish(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancels tasks until all have ended: a library may swallow a cancellation that coincides with an answer."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=READY_INTERVAL)
    await asyncio.gather(*tasks, return_exceptions=True)


def python(module: str, *arguments: str) -> tuple[str, ...]:
    """The command line of one of our own modules; -P keeps the current folder off the import path."""
    return (sys.executable, "-P", "-m", module, *arguments)
