"""The command line that others see of this process, as `ps` does."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence

from featurelens.jobs import process_stat

_ARGUMENTS_START, _ARGUMENTS_END = 45, 46
"""Of the fields of `process_stat`."""


def retitle(command: Sequence[str]) -> None:
    """Makes it `command`, as far as that fits in the place of the one it was started with. Only Linux knows the place.

    For one that is forked and never runs the program it is named after.
    """
    if sys.platform != "linux":
        return
    stat = process_stat.fields()
    start, end = int(stat[_ARGUMENTS_START]), int(stat[_ARGUMENTS_END])
    room = end - start
    if room > 0:  # a kernel may keep it to itself
        title = b"".join(part.encode() + b"\0" for part in command)[: room - 1]
        ctypes.memmove(start, title.ljust(room, b"\0"), room)
