"""A crash, and the same signal from outside, end a process in two ways."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from featurelens.jobs.queue.deaths import STRUCK, from_outside
from tests.support.paths import ROOT

if sys.platform != "linux":
    pytest.skip("only Linux tells the two apart", allow_module_level=True)

_BEGIN = """
import ctypes, os, threading, time
from featurelens.worker.crash_signals import tell_apart
tell_apart()
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
"""
_CRASH = "ctypes.string_at(0)"
_IN_A_THREAD = f"one = threading.Thread(target=lambda: {_CRASH}); one.start(); one.join()"
_IN_A_CHILD = """
child = os.fork()
if not child:
    tell_apart()
    print(os.getpid(), flush=True)
    time.sleep(60)
os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
_WAIT = "print(os.getpid(), flush=True); time.sleep(60)"


def run(code: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _BEGIN + code]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


@pytest.mark.parametrize(
    ("code", "number"),
    [(_CRASH, signal.SIGSEGV), (_IN_A_THREAD, signal.SIGSEGV), ("os.abort()", signal.SIGABRT)],
)
def test_its_own(code: str, number: signal.Signals) -> None:
    with run(code) as process:
        assert process.wait(30) == -number
    assert not from_outside(-number, None)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS])
@pytest.mark.parametrize("code", [_WAIT, _IN_A_CHILD], ids=["itself", "a child"])
def test_from_outside(code: str, number: signal.Signals) -> None:
    with run(code) as process:
        assert process.stdout is not None
        os.kill(int(process.stdout.readline()), number)
        assert process.wait(30) == STRUCK
    assert from_outside(STRUCK, None)
