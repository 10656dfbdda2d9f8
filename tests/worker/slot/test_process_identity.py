"""A process is known again, and nothing else is taken for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from featurelens.worker.slot.process_identity import alive, identity, kill, pid_of

if sys.platform != "linux":
    pytest.skip("only Linux tells when a process began", allow_module_level=True)


def test_itself() -> None:
    assert alive(identity(os.getpid()))
    assert pid_of(identity(os.getpid())) == os.getpid()


def test_another_of_the_same_id() -> None:
    """It neither lives nor is killed."""
    child = subprocess.Popen(["sleep", "60"])
    earlier = f"{child.pid}:1"
    assert not alive(earlier)
    kill(earlier)
    assert child.poll() is None
    child.kill()
    child.wait()


@pytest.mark.parametrize("still", [True, False])
def test_killed(still: bool) -> None:
    """Even one that stands still; a zombie is dead."""
    child = subprocess.Popen(["sleep", "60"])
    process = identity(child.pid)
    if still:
        child.send_signal(signal.SIGSTOP)
    assert alive(process)
    kill(process)
    assert not alive(process)
    assert child.wait() == -signal.SIGKILL
    kill(process)
