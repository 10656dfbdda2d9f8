"""`python -m featurelens.launcher [all|worker|service]`: starts Featurelens, waits until it is ready, keeps it running.

Exit status: 0 when asked to stop, 1 when something could not be kept running, 2 when nothing was started.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import subprocess
import sys
from contextlib import ExitStack

from featurelens.jobs.settings import InvalidSettings, Settings, settings
from featurelens.launcher.children import GaveUp, python
from featurelens.launcher.claim import Claim, Refused, StateGone, check_port, claim_state
from featurelens.launcher.stack import Parts, Stack

COULD_NOT_GO_ON, NOT_STARTED = 1, 2
NO_USE = {3, 5}
"""Exit statuses of `featurelens.jobs.store.check` with a bucket that waiting does not help."""


def main() -> int:
    """Parses the command line, claims the state folder and the port, and runs. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="launcher", description="Starts Featurelens and keeps it running.")
    parser.add_argument("parts", nargs="?", choices=("all", "worker", "service"), default="all")
    parts: Parts = parser.parse_args().parts
    try:
        options = settings()
        if parts != "all" and options.redis_url is None:
            raise Refused(f"{parts} alone needs REDIS_URL: the queue it shares with the other parts")
        if options.results is not None:
            _check_bucket(parts)
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
        try:
            asyncio.run(_run(parts, options, claim))
        except StateGone as gone:
            _say(str(gone))
            return False
    return True


async def _run(parts: Parts, options: Settings, claim: Claim | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await Stack(parts, options, claim, _say).run(stop)


def _check_bucket(parts: Parts) -> None:
    """Raises `Refused` when there is no such bucket, or a worker may not write it; a silent one may yet answer."""
    command = python("featurelens.jobs.store.check", *(["write"] if parts != "service" else []))
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if answer.returncode in NO_USE:
        raise Refused(answer.stdout.strip())
    if answer.stdout.strip():
        _say(f"{answer.stdout.strip()}; starting all the same")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _complain(line: str) -> None:
    sys.stderr.write(f"featurelens: {line}\n")


if __name__ == "__main__":
    sys.exit(main())
