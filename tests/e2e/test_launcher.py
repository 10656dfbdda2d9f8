"""Start, stop, start again: what an operator sees and what is left behind."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

from featurelens.jobs import process_stat
from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.queue.liveness import EXPIRY
from featurelens.launcher.claim import free_port
from tests.support.processes import processes
from tests.support.stack import Stack, launch
from tests.support.stack_pictures import LONG
from tests.support.wait import until

RESTART_WITHIN = EXPIRY - 2.0
"""Seconds: nothing has waited for heartbeats or leases of those before to expire."""


def refused(state: Path, port: int) -> str:
    """The one line of a launcher that will not start."""
    launcher = launch(state, port)
    printed, complaint = launcher.communicate(timeout=15)
    assert launcher.returncode == 2
    assert printed == ""
    (line,) = complaint.splitlines()
    return line


def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    """Before anything else has started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"port {port} on 127.0.0.1 is taken" in refused(tmp_path / "state", port)
    assert processes(tmp_path / "state") == []


def test_one_launcher_per_state_folder(stack: Stack) -> None:
    """Even on another port; the one that runs is not disturbed."""
    line = refused(stack.state, free_port())
    assert "already running" in line
    assert str(stack.launcher.pid) in line
    assert stack.http.get("/readyz").status_code == 200


def test_requests_go_first(stack: Stack) -> None:
    """Where all want the same core: the service before the slots, the slots before the optimization."""
    parts = (stack.children(module)[0].pid for module in ("service", "worker.slot", "worker.renderer"))
    niceness = [{_niceness(thread) for thread in Path(f"/proc/{pid}/task").iterdir()} for pid in parts]
    assert [len(threads) for threads in niceness] == [1, 1, 1]
    assert max(niceness[0]) < max(niceness[1]) < max(niceness[2])


def _niceness(thread: Path) -> int:
    return int(process_stat.fields(thread)[16])


def test_a_network_is_described_when_somebody_asks(stack: Stack) -> None:
    """Not before, and the request waits for it."""
    name = "torchvision:mobilenet_v2"
    with stack.redis() as redis:
        catalog = Catalog(redis)
        assert {one.partition(":")[0] for one in catalog.described()} <= {"bundled", "torchvision"}
        assert not any(one.startswith(name) for one in catalog.described())
        answer = stack.post(model="mobilenet_v2", layer="features.3", channel=10**6)
        assert answer.status_code == 422, answer.text
        assert any(one.startswith(name) for one in catalog.described())
    assert stack.http.get("/v1/models/mnasnet0_5/layers").status_code == 200


def test_stop_under_load_then_go_on_then_die(tmp_path: Path) -> None:
    """SIGTERM leaves no process and loses no job; the next start is quick; even kill -9 leaves no process."""
    # A space, and too deep for a unix socket in it: both happen in real home folders.
    state = tmp_path / "a folder with a name as long as anybody would ever want to give to a folder of theirs" / "state"
    with Stack(state, free_port()) as first:
        urls = [first.post(**LONG, seed=seed).headers["location"] for seed in (401, 402, 403)]
        first.running(urls[0])
        assert first.stop() == 0
    assert processes(state) == []

    with Stack(state, free_port()) as second:
        for url in urls:
            second.finished(url)
        second.launcher.send_signal(signal.SIGKILL)
        second.ended()
        until(lambda: processes(state) == [], 10, "no process left")
    assert second.seconds_to_ready < RESTART_WITHIN


def test_help_names_the_parts() -> None:
    """And needs no settings."""
    command = (sys.executable, "-m", "featurelens.launcher", "--help")
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=15)
    assert "worker" in answer.stdout
