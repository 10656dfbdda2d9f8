"""What goes wrong while the fork server forks is told, and nothing is left of it; what it forks has its own name.

The rest is told of the launcher and its slots together: tests/launcher/test_fork_server.py.
"""

from __future__ import annotations

import errno
import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from featurelens.worker.slot import fork_server
from tests.support.processes import children

if sys.platform != "linux":
    pytest.skip("only Linux lets processes adopt others", allow_module_level=True)


@pytest.mark.parametrize("failing", [1, 2])
def test_why_there_is_no_slot(failing: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the two forks that it takes, either may fail."""
    calls, fork = itertools.count(1), os.fork

    def full() -> int:
        if next(calls) == failing:
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return fork()

    monkeypatch.setattr(os, "fork", full)
    before = _open_files(), children(os.getpid())
    assert os.strerror(errno.EAGAIN).encode() in (fork_server._fork(os.getpid()) or b"")
    assert (_open_files(), children(os.getpid())) == before


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("title", [["slot", "a queue"], ["slot", "q" * 4096], ["x"]])
def test_a_title_is_what_fits_of_it(title: list[str]) -> None:
    """In the place of the command line, and not beyond: the environment is behind it."""
    code = (
        "import sys; from featurelens.worker.slot.process_title import retitle; retitle(sys.argv[1:]); "
        "print(open('/proc/self/cmdline').read(), open('/proc/self/environ').read())"
    )
    command = [sys.executable, "-c", code, *title]
    told = subprocess.run(command, env=os.environ | {"MARK": "here"}, capture_output=True, text=True, check=True).stdout
    room = sum(len(part) + 1 for part in command)
    assert told.startswith("\0".join(title)[: room - 1].ljust(room, "\0"))
    assert "MARK=here" in told
