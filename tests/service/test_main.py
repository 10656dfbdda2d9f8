"""``python -m featurelens.service`` as a process."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from featurelens.launcher.claim import free_port
from featurelens.service.shared_counters import ROOM
from tests.support.paths import ROOT
from tests.support.processes import alive, children
from tests.support.wait import until

NO_TORCH = """
import sys
for name in ("torch", "torchvision", "numpy"):
    sys.modules[name] = None
import pkgutil, importlib
from featurelens import service
for module in pkgutil.walk_packages(service.__path__, "featurelens.service."):
    if module.name != "featurelens.service.__main__":
        importlib.import_module(module.name)
importlib.import_module("featurelens.service.__main__")
from featurelens.service.app import create_app
from featurelens.jobs.settings import Settings
create_app(Settings(redis_url="redis://127.0.0.1:1")).openapi()
assert not [name for name in sys.modules if name.startswith(("featurelens.worker", "featurelens.engine"))]
"""


def test_needs_no_torch() -> None:
    done = subprocess.run([sys.executable, "-c", NO_TORCH], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@contextmanager
def start(port: int, broker: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "HOST": "127.0.0.1", "PORT": str(port), "REDIS_URL": broker, **more}
    command = [sys.executable, "-m", "featurelens.service"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_serves_until_asked_to_stop(broker: str) -> None:
    port = free_port()
    with start(port, broker) as process:
        until(lambda: _answers(port), 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) in {0, -signal.SIGTERM}


def test_port_taken(broker: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with start(port, broker) as process:
            _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.count("\n") == 1
    assert f"127.0.0.1:{port}" in said


def test_several_processes_share_one_listener_and_their_counters(broker: str, tmp_path: Path) -> None:
    """One that is killed is followed by another, and all end with the first."""
    port = free_port()
    with start(port, broker, FEATURELENS_HTTP_WORKERS="2", FEATURELENS_STATE=str(tmp_path)) as process:
        until(lambda: _answers(port), 60)
        first = set(children(process.pid))
        assert len(first) == 2
        for _ in range(8):
            assert httpx.get(f"http://127.0.0.1:{port}/livez").status_code == 200
        counted = re.search(r'requests_total\{method="GET",status="200"\} (\d+)', _metrics(port))
        assert counted is not None
        assert int(counted[1]) >= 8
        killed = first.pop()
        os.kill(killed, signal.SIGKILL)
        until(lambda: killed not in children(process.pid) and len(children(process.pid)) == 2)
        assert _answers(port)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert not any(map(alive, first))
    assert [path.name for path in (tmp_path / "counters").iterdir()] == [".lock"]


def test_counters_of_who_was_killed_are_taken_away(tmp_path: Path) -> None:
    """And of nobody else: several services may share a state folder."""
    hold = "from pathlib import Path\nimport os, sys\nfrom featurelens.service.shared_counters import *\n"
    hold += (
        f"with shared_counters(Path({str(tmp_path)!r})):\n reserve(); print(os.environ[VARIABLE], flush=True); input()"
    )
    command = [sys.executable, "-c", hold]

    def started() -> tuple[subprocess.Popen[str], Path]:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        return process, Path(process.stdout.readline().strip())

    (killed, left), (going, kept) = started(), started()
    with killed, going:
        assert {path.stat().st_blocks * 512 >= ROOM for path in kept.glob("*.db")} == {True}, "no page is missing"
        killed.kill()
        killed.wait()
        assert left.exists()
        last, own = started()
        with last:
            assert (left.exists(), kept.exists(), own.exists()) == (False, True, True)
            last.communicate("\n", timeout=20)
        going.communicate("\n", timeout=20)
    assert not own.exists()
    assert not kept.exists()


def _metrics(port: int) -> str:
    return httpx.get(f"http://127.0.0.1:{port}/metrics").text


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/livez").status_code == 200
    except httpx.TransportError:
        return False
