"""The processes of Featurelens: started, watched, started again, stopped in order."""

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

from featurelens.launcher.offspring import adopt_orphans, bury_orphans, die_with_parent

FALSE_STARTS = 5
"""Ends before ever being ready, in a row, after which there is no point in going on."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
"""Seconds before a restart; doubled with every end within the last minute."""
LOOK_EVERY = 0.1
"""Seconds between two looks whether a child is ready."""
CARE_EVERY = 5.0
"""Seconds between two looks whether a child still does its work, where its role says how to tell."""
STRIKES = 3
"""Looks in a row that must find it hanging: after the broker was away or wiped, a heartbeat may be 5 s late."""


Ready = Callable[[int], Awaitable[bool]]
"""Whether the process with this id does its work yet."""


class GaveUp(Exception):
    """A child cannot be kept running. The text is for the operator."""


@dataclass(frozen=True)
class Role:
    """What one child does."""

    name: str
    command: Sequence[str]
    ready: Ready
    log: Path | None = None
    """Where its output goes, appended; None: to the launcher's own."""
    patience: float = 10.0
    """Seconds between asking it to stop and making it."""
    hangs: Ready | None = None
    """Whether the process has stopped doing its work without ending; said `STRIKES` times in a row, it is killed."""
    orphaned: signal.Signals = signal.SIGKILL
    """What reaches it when the launcher is killed by force."""
    niceness: int = 0
    """How far it steps back, once it is ready, for others that want the same core."""


class Child:
    """One role and the process that plays it at the moment."""

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

    def look(self) -> None:
        """Notices the end of the process. Called on every SIGCHLD."""
        if self.process is not None and self.process.poll() is not None:
            self.ended.set()

    async def keep(self) -> None:
        """Keeps the role filled until cancelled. Raises `GaveUp` when it never gets ready."""
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
                raise GaveUp(f"{self.role.name} ended {FALSE_STARTS} times before it was ready{self._last_words()}")
            recent = sum(now - end < 60 for end in self._ends)
            await asyncio.sleep(min(FIRST_PAUSE * 2 ** (recent - 1), LONGEST_PAUSE))

    async def stop(self) -> None:
        """Asks, waits `patience` seconds, then makes the whole process group end."""
        if self.process is None:
            return
        self.look()
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
                    self._step_back()
                    self.ready.set()
                    await self._care(end)
                await asyncio.wait({end}, timeout=LOOK_EVERY)
        finally:
            end.cancel()
        self._kill_group()

    async def _care(self, end: asyncio.Task[Any]) -> None:
        """Returns when the process has ended, by itself or because it hung."""
        process, hangs = self.process, self.role.hangs
        assert process is not None
        strikes = 0
        while not end.done():
            await asyncio.wait({end}, timeout=CARE_EVERY if hangs else None)
            strikes = strikes + 1 if hangs and not end.done() and await hangs(process.pid) else 0
            if strikes == STRIKES:
                self._say(f"{self.role.name} does not answer any more; killed")
                self._kill_group()

    def _step_back(self) -> None:
        """All its threads; to start it may have whatever it gets."""
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

    def _last_words(self) -> str:
        if self.role.log is None:
            return ""
        lines = self.role.log.read_text(errors="replace").splitlines()[-8:]
        return "\n".join((f"; the end of {self.role.log}:", *(f"  {line}" for line in lines)))


class Family:
    """All children of one launcher. `failure` is set when one of them has to be given up."""

    def __init__(self, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
        self.environment = dict(environment)
        self.failure: asyncio.Future[GaveUp] = asyncio.get_running_loop().create_future()
        self._say = say
        self._children: list[Child] = []
        self._keepers: list[asyncio.Task[None]] = []
        adopt_orphans()
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._look)

    def start(self, role: Role) -> Child:
        """Starts a child and keeps it running."""
        child = Child(role, self.environment, self._say)
        self._children.append(child)
        keeper = asyncio.create_task(child.keep(), name=role.name)
        keeper.add_done_callback(self._keeper_ended)
        self._keepers.append(keeper)
        return child

    async def stop(self, order: Sequence[Sequence[Child]]) -> None:
        """Stops the children group after group and whatever they left behind."""
        await finish(self._keepers)
        for group in order:
            await asyncio.gather(*(child.stop() for child in group))
        asyncio.get_running_loop().remove_signal_handler(signal.SIGCHLD)
        bury_orphans(())

    def _look(self) -> None:
        for child in self._children:
            child.look()
        bury_orphans({child.process.pid for child in self._children if child.process})

    def _keeper_ended(self, keeper: asyncio.Task[None]) -> None:
        if keeper.cancelled() or self.failure.done():
            return
        problem = keeper.exception()
        if isinstance(problem, GaveUp):
            self.failure.set_result(problem)
        elif problem is not None:
            self.failure.set_exception(problem)


async def finish(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancels until all have ended: a library on the way may swallow a cancellation that meets an answer."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=LOOK_EVERY)
    await asyncio.gather(*tasks, return_exceptions=True)


def python(module: str, *arguments: str) -> tuple[str, ...]:
    """The command line of one of our own programs; what lies in the folder it is started from is not imported (-P)."""
    return (sys.executable, "-P", "-m", module, *arguments)
