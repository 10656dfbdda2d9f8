"""``python -m featurelens.service`` as a process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import httpx

from featurelens.launcher.claim import free_port
from tests.support.paths import ROOT
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


def start(port: int, broker: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "HOST": "127.0.0.1", "PORT": str(port), "REDIS_URL": broker}
    command = [sys.executable, "-m", "featurelens.service"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


def test_serves_until_asked_to_stop(broker: str) -> None:
    port = free_port()
    with start(port, broker) as process, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:

        def answers() -> bool:
            try:
                return client.get("/livez").status_code == 200
            except httpx.ConnectError:
                return False

        until(answers)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) in {0, -signal.SIGTERM}


def test_port_taken(broker: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with start(port, broker) as process:
            _, said = process.communicate(timeout=20)
    assert process.returncode == 1
    assert said.count("\n") == 1
    assert f"127.0.0.1:{port}" in said
