"""``python -m featurelens.jobs.store.photo_process`` decodes photographs, one after the other, and may die of it.

Decoders are large programs in C, and what they are fed comes from strangers. An upload comes on standard input after
its length, the answer goes to standard output: a PNG, or what a photograph must be.
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from struct import Struct
from typing import IO

from PIL import PngImagePlugin

from featurelens.jobs.errors import InvalidSpec
from featurelens.jobs.plain_picture import MAX_PROFILE
from featurelens.jobs.store.photo_decoding import normalized

LENGTH = Struct(">Q")
ANSWER = Struct(">??Q")
"""Whether it is a PNG, whether this process ends after it, its length."""

MEMORY = 1 << 30
"""Bytes of address space; the largest photograph, with transparency, takes half of it."""

GROWN = 128 << 20
"""Bytes of memory after which a process ends: what it does not give back is given back so."""


def main() -> int:
    """Until there is no more input, or the process has grown; 1 when memory runs out."""
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.nice(5)  # requests are answered first
    PngImagePlugin.MAX_TEXT_CHUNK = MAX_PROFILE
    try:
        while _answered(sys.stdin.buffer, sys.stdout.buffer):
            pass
    except MemoryError:
        return 1
    return 0


def _answered(asked: IO[bytes], answers: IO[bytes]) -> bool:
    """Whether there may be another one."""
    length = asked.read(LENGTH.size)
    if len(length) < LENGTH.size:
        return False
    try:
        said, fine = normalized(asked.read(*LENGTH.unpack(length))), True
    except InvalidSpec as error:
        said, fine = error.detail.encode(), False
    grown = _peak() > GROWN
    answers.write(ANSWER.pack(fine, grown, len(said)) + said)
    answers.flush()
    return not grown


def _peak() -> int:
    """Bytes of memory that this process has had at most; `ru_maxrss` would be that of the process it was started by."""
    if sys.platform != "linux":
        return 0
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    sys.exit(main())
