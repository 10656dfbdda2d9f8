"""Children are started again, given up, stopped with everything they started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from featurelens.launcher.children import FALSE_STARTS
from tests.support.paths import ROOT
from tests.support.processes import alive
from tests.support.wait import until


def supervise(mark: Path, script: str) -> subprocess.Popen[str]:
    """A family whose one child is this shell script."""
    command = (sys.executable, "-u", "-m", "tests.support.supervisor", str(mark), "sh", "-c", script)
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def pids(file: Path) -> list[int]:
    """The process ids that the scripts wrote, in order."""
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def test_a_child_that_never_gets_ready_is_given_up(tmp_path: Path) -> None:
    """With its name, and no endless loop."""
    log = tmp_path / "pids"
    family = supervise(tmp_path / "never", f"echo $$ >> {log}; exit 3")
    output, _ = family.communicate(timeout=20)
    assert family.returncode == 1
    assert f"child ended {FALSE_STARTS} times" in output
    assert len(pids(log)) == FALSE_STARTS


def test_a_child_that_was_ready_is_started_again(tmp_path: Path) -> None:
    """And what it leaves behind, in a session of its own even, is ended."""
    log, strays = tmp_path / "pids", tmp_path / "strays"
    script = f"setsid sh -c 'echo $$ >> {strays}; sleep 60' & echo $$ >> {log}; sleep 60"
    mark = tmp_path / "ready"
    mark.touch()
    family = supervise(mark, script)
    until(lambda: len(pids(log)) == 1 and len(pids(strays)) == 1)
    time.sleep(0.3)  # ready is looked for every 0.1 s
    os.kill(pids(log)[0], signal.SIGKILL)
    until(lambda: not alive(pids(strays)[0]))
    until(lambda: len(pids(log)) == 2 and len(pids(strays)) == 2)
    family.terminate()
    output, _ = family.communicate(timeout=10)
    assert family.returncode == 0
    assert "child was killed (SIGKILL); starting it again" in output
    assert not any(alive(pid) for pid in (*pids(log), *pids(strays)))


def test_a_deaf_child_is_made_to_stop(tmp_path: Path) -> None:
    """After its patience."""
    log = tmp_path / "pids"
    family = supervise(tmp_path / "never", f"trap '' TERM; echo $$ >> {log}; while :; do sleep 0.1; done")
    until(lambda: len(pids(log)) == 1)
    family.terminate()
    output, _ = family.communicate(timeout=10)
    assert "child did not stop within 0.5 s; killed" in output
    assert not alive(pids(log)[0])


def test_children_die_with_a_killed_parent(tmp_path: Path) -> None:
    """kill -9 of the launcher leaves no child."""
    log = tmp_path / "pids"
    family = supervise(tmp_path / "never", f"echo $$ >> {log}; exec sleep 60")
    until(lambda: len(pids(log)) == 1)
    family.kill()
    family.communicate(timeout=10)
    until(lambda: not alive(pids(log)[0]))
