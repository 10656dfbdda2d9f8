"""``python -m featurelens.worker.slot.fork_server QUEUE...``: forks slots of these queues as the launcher orders them.

What a slot needs is imported here, once; what nobody changes of that is in memory once. Whoever forks a slot ends at
once, so that the launcher adopts it: a slot is the launcher's child, as if that had started it, and this process may
hang, end or be killed without any slot noticing. It has one thread and no connection but that to the launcher, which
is its standard input. Only Linux lets processes adopt.

The launcher sends one message at a time and gets one for each: `HELLO` for `HELLO`, which is also sent when all is
imported; for an order, JSON with the `command` that a slot is started with elsewhere and what is added to its
`environment`, the descriptor of its log beside it, the id of the slot, or why there is none.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from featurelens.jobs.death_signal import die_with_parent
from featurelens.worker.slot.__main__ import main as slot
from featurelens.worker.slot.process_title import retitle

MODULE = "featurelens.worker.slot"
HELLO = b"hello"

LONGEST = 1 << 16
"""Bytes of a message."""

_LOOK = 0.0005
"""Seconds between two looks whether the launcher has adopted a slot."""


def serve(launcher: socket.socket) -> list[str] | None:
    """Forks as ordered; returns the command in each slot, and None here when the launcher hangs up."""
    parent = os.getppid()
    launcher.send(HELLO)
    while True:
        message, log, _, _ = socket.recv_fds(launcher, LONGEST, 1)
        if not message:
            return None
        if message == HELLO:
            launcher.send(HELLO)
            continue
        forked = _fork(parent)
        if forked is None:
            with Path(os.devnull).open() as nothing:
                os.dup2(nothing.fileno(), launcher.detach())
            return _become(message, log)
        for descriptor in log:
            os.close(descriptor)
        launcher.send(forked)


def _fork(parent: int) -> bytes | None:
    """The id of a new child of `parent`, or why there is none; None in that child."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as told, os.fdopen(writing, "wb", buffering=0) as tell:
        try:
            between = os.fork()
        except OSError as error:
            return str(error).encode()
        if not between:
            _fork_again(tell)
            die_with_parent(parent)
            return None
        tell.close()
        forked = told.read(LONGEST)
        os.waitpid(between, 0)  # from now on the other one is the parent's
        return forked or b"killed on the way"


def _fork_again(tell: BinaryIO) -> None:
    """Returns in the child, once that is another one's; ends this process."""
    between = os.getpid()
    try:
        child = os.fork()
        if child:
            os.setpgid(child, child)
            tell.write(b"%d" % child)
            os._exit(os.EX_OK)
    except OSError as error:
        tell.write(str(error).encode())
        os._exit(os.EX_OSERR)
    while os.getppid() == between:
        time.sleep(_LOOK)


def _become(order: bytes, log: Sequence[int]) -> list[str]:
    """Makes this process the one that has been ordered; returns its command."""
    for descriptor in log:
        os.dup2(descriptor, sys.stdout.fileno())
        os.dup2(descriptor, sys.stderr.fileno())
        os.close(descriptor)
    told = json.loads(order)
    os.environ.update(told["environment"])
    command: list[str] = told["command"]
    retitle(command)
    return command


def main() -> int:
    """Serves the launcher; in each slot, what that ends with."""
    launcher = socket.socket(fileno=sys.stdin.fileno())
    gc.collect()
    gc.freeze()  # a collection in a slot would write to what it shares
    try:
        command = serve(launcher)
    except BrokenPipeError:  # it has hung up, instead of waiting for an answer
        command = None
    return 0 if command is None else slot(command[command.index(MODULE) + 1 :])


if __name__ == "__main__":
    sys.exit(main())
