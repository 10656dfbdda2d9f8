"""Decodes uploaded photographs in processes of their own: what a stranger sends may kill one, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import suppress

from anyio import CapacityLimiter

from featurelens.jobs.errors import InvalidSpec
from featurelens.jobs.logs import logger
from featurelens.jobs.store import photo_process
from featurelens.jobs.store.photo_decoding import refused
from featurelens.jobs.store.photo_process import ANSWER, LENGTH

AT_ONCE = 2
"""Photographs decoded at once; the others wait, as bytes."""

PATIENCE = 30.0
"""Seconds for one: on a busy machine the largest takes three."""

_COMMAND = (sys.executable, "-P", "-m", photo_process.__name__)


class Decoding:
    """Makes the PNG that is kept of an upload. `turns` lets `AT_ONCE` threads call it.

    A process is started when one is needed; it decodes one photograph at a time, and the next, until it has grown.
    """

    def __init__(self) -> None:
        self.turns = CapacityLimiter(AT_ONCE)
        self._idle: list[subprocess.Popen[bytes]] = []

    def __call__(self, upload: bytes) -> bytes:
        """Blocks. Raises `InvalidSpec` for an unacceptable photograph, also one that its process did not survive."""
        try:
            process = self._idle.pop()
        except IndexError:
            process = _start()
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        try:
            fine, grown, said = _asked(process, upload)
        except (EOFError, BrokenPipeError):
            _end(process)
            logger().warning("a photograph was too much for its process", status=process.returncode, bytes=len(upload))
            raise refused("one that can be decoded within the memory and the time there are for one") from None
        finally:
            watchdog.cancel()
        if grown or len(self._idle) >= AT_ONCE:
            _end(process)
        else:
            self._idle.append(process)
        if not fine:
            raise InvalidSpec.at("", said.decode())
        return said

    def close(self) -> None:
        """Ends the processes that wait."""
        while self._idle:
            _end(self._idle.pop())


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _asked(process: subprocess.Popen[bytes], upload: bytes) -> tuple[bool, bool, bytes]:
    """Whether it is a PNG, whether the process ends, what it said. Raises EOFError or BrokenPipeError if it died."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(LENGTH.pack(len(upload)))
    process.stdin.write(upload)
    process.stdin.flush()
    head = process.stdout.read(ANSWER.size)
    if len(head) < ANSWER.size:
        raise EOFError
    fine, grown, length = ANSWER.unpack(head)
    said = process.stdout.read(length)
    if len(said) < length:
        raise EOFError
    return fine, grown, said


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        with suppress(BrokenPipeError):  # of what was never read
            pipe.close()
