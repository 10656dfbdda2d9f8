"""All children of one launcher: started, and stopped in order, with everything that they have started."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from featurelens.launcher.children import READY_INTERVAL, Child, Forking, GaveUp
from featurelens.launcher.offspring import adopt_orphans, kill_orphans
from featurelens.launcher.role import Role


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

    def start(self, role: Role, server: Forking | None = None) -> Child:
        """Starts a child, which is kept running from now on; forked by `server`, if there is one."""
        child = Child(role, self.environment, self._say, server)
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
        if any(child.forking for child in self._children):
            asyncio.get_running_loop().call_later(READY_INTERVAL, self._reap)
            return
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
