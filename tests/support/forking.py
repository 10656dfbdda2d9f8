"""A program for the tests: a family of slots that a fork server forks, without a broker, until SIGTERM.

Its own process, because a family takes over SIGCHLD and ends every child of its process that it does not know.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from featurelens.jobs.kinds.base import QUEUE, SWEEP_QUEUE
from featurelens.launcher import fork_server
from featurelens.launcher.children import python
from featurelens.launcher.family import Family
from featurelens.launcher.fork_server import ForkServer
from featurelens.launcher.role import Role


def say(line: str) -> None:
    """To the test."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main(log: Path, count: int, patience: float, answer: float, command: list[str]) -> None:
    """`count` slots and one for sweeps; `command` is run in place of the fork server."""
    fork_server.PATIENCE, fork_server.ANSWER_WITHIN = patience, answer
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    family = Family(os.environ, say)

    async def ready(_: int) -> bool:
        return True

    server = ForkServer(log)
    role = replace(server.role, command=command) if command else server.role
    forks = family.start(role)
    nobody = {"REDIS_URL": "redis://127.0.0.1:1"}
    slots = [
        family.start(
            Role(f"slot {number}", python("featurelens.worker.slot", queue), ready, log, environment=nobody), server
        )
        for number, queue in enumerate([QUEUE] * count + [SWEEP_QUEUE])
    ]
    await stop.wait()
    await family.stop(([forks], slots))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]), sys.argv[5:]))
