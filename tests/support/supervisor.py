"""A program for the tests: a family of one child given on the command line, until SIGTERM or until it is given up.

Its own process, because a family takes over SIGCHLD and ends every child of its process that it does not know.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from featurelens.launcher.children import GaveUp
from featurelens.launcher.family import Family
from featurelens.launcher.role import Role


def say(line: str) -> None:
    """To the test."""
    sys.stdout.write(f"{line}\n")


async def main(mark: Path, command: list[str]) -> int:
    """The child is ready as soon as the file `mark` exists."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    family = Family(os.environ, say)

    async def ready(_: int) -> bool:
        return mark.exists()

    child = family.start(Role("child", command, ready, patience=0.5))
    stopped = asyncio.create_task(stop.wait())
    events: set[asyncio.Future[GaveUp] | asyncio.Task[bool]] = {stopped, family.failure}
    await asyncio.wait(events, return_when=asyncio.FIRST_COMPLETED)
    await family.stop(([child],))
    stopped.cancel()
    if family.failure.done():
        say(str(family.failure.result()))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]), sys.argv[2:])))
