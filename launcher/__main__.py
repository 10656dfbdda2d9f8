"""`python -m featurelens.launcher [all|worker|service]`: starts Featurelens, waits until it is ready, keeps it running.

Exit status: 0 when asked to stop, 1 when something could not be kept running, 2 when nothing was started.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from contextlib import ExitStack

from featurelens.jobs.settings import InvalidSettings, Settings, settings
from featurelens.jobs.store.identity import Identity
from featurelens.launcher.children import GaveUp
from featurelens.launcher.claim import Claim, Refused, StateGone, check_port, claim_state
from featurelens.launcher.parts import Parts
from featurelens.launcher.stack import Stack
from featurelens.launcher.store import Silent, find_store

COULD_NOT_GO_ON, NOT_STARTED = 1, 2


def main() -> int:
    """Parses the command line, claims the state folder and the port, and runs. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="launcher", description="Starts Featurelens and keeps it running.")
    parser.add_argument("parts", nargs="?", choices=("all", "worker", "service"), default="all")
    parts: Parts = parser.parse_args().parts
    try:
        options = settings()
        if parts != "all" and options.redis_url is None:
            raise Refused(f"{parts} alone needs REDIS_URL: the queue it shares with the other parts")
        while not _kept_running(parts, options):
            continue
    except (InvalidSettings, Refused) as refused:
        _complain(str(refused))
        return NOT_STARTED
    except GaveUp as problem:
        _complain(str(problem))
        return COULD_NOT_GO_ON
    return 0


def _kept_running(parts: Parts, options: Settings) -> bool:
    """Runs until asked to stop (True), or until the state folder vanishes (False)."""
    with ExitStack() as held:
        claim = held.enter_context(claim_state(options.state.absolute(), "worker")) if parts != "service" else None
        if parts != "worker":
            check_port(options.host, options.port)
        store = _store(parts, options)
        try:
            asyncio.run(_run(parts, options, claim, store))
        except StateGone as gone:
            _say(str(gone))
            return False
    return True


async def _run(parts: Parts, options: Settings, claim: Claim | None, store: Identity | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await Stack(parts, options, claim, store, _say).run(stop)


def _store(parts: Parts, options: Settings) -> Identity | None:
    """The store; None: it is silent, and may yet answer. Raises `Refused` when there is none that can be used."""
    try:
        return find_store(options, parts)
    except Silent as silent:
        _say(f"{silent}; starting all the same")
        return None


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _complain(line: str) -> None:
    sys.stderr.write(f"featurelens: {line}\n")


if __name__ == "__main__":
    sys.exit(main())
