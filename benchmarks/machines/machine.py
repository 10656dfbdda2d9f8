"""One machine: a worker and a service, each started by a launcher of its own, and the state folder of both."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import httpx

from benchmarks.machines.network import Place
from featurelens.jobs.unix_address import unix_address
from tests.support.paths import ROOT
from tests.support.processes import Process, processes
from tests.support.wait import until

Part = Literal["worker", "service"]

MODULES = ("service", "worker.renderer", "worker.slot", "worker.slot.fork_server", "worker.cataloguer")
PORT = 8000
STARTED_WITHIN = 300.0


class Machine:
    """In the namespace `place`. Started when entered. `settings` are those of both launchers."""

    def __init__(self, place: Place, folder: Path, settings: Mapping[str, str]) -> None:
        self.place = place
        self.state = folder / place.name
        self.url = f"http://{place.address}:{PORT}"
        self.http = httpx.Client(base_url=self.url, timeout=30)
        own = {"FEATURELENS_STATE": str(self.state), "HOST": place.address, "PORT": str(PORT)}
        self._environment = os.environ | settings | own
        self._launchers: dict[Part, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.state.mkdir()
        self.start("worker")
        self.start("service")
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.http.close()
        for launcher in self._launchers.values():
            launcher.send_signal(signal.SIGTERM)
        for launcher in self._launchers.values():
            launcher.wait(60)

    def start(self, part: Part) -> None:
        """Starts its launcher; what it prints is kept in the state folder."""
        command = self.place.inside(sys.executable, "-P", "-m", "featurelens.launcher", part)
        with (self.state / f"{part}.out").open("ab") as said:
            self._launchers[part] = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdout=said, stderr=subprocess.STDOUT
            )

    def kill_worker(self) -> None:
        """The launcher, and so all that it has started, at once."""
        launcher = self._launchers["worker"]
        launcher.kill()
        launcher.wait()
        until(lambda: not self._running("worker.renderer") + self._running("worker.slot"), 20, "the worker's end")

    def pids(self, module: str) -> set[int]:
        """Of the processes that run this module, those that they have forked left out."""
        launchers = {launcher.pid for launcher in self._launchers.values()}
        return {one.pid for one in self._running(module) if one.parent in launchers}

    def counts(self) -> dict[str, int]:
        """How many processes there are of each module."""
        return {module: len(self.pids(module)) for module in MODULES}

    def ready(self) -> bool:
        """False, too, while there is no service."""
        with suppress(httpx.TransportError):
            return self.http.get("/readyz", timeout=2).status_code == 200
        return False

    def listens(self) -> bool:
        """Whether its renderer does."""
        probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with probe, unix_address(self.state / "renderer.sock") as name:
            return probe.connect_ex(name) == 0

    def renderers(self) -> int:
        """How many renderers its service sees, of all machines."""
        with suppress(httpx.TransportError):
            answer = self.http.get("/v1/status", timeout=4)
            return len(answer.json()["renderers"]) if answer.status_code == 200 else 0
        return 0

    def finished(self) -> int:
        """How many jobs its slots say to have finished."""
        return (self.state / "worker.out").read_text(errors="replace").count('"finished"')

    def _running(self, module: str) -> list[Process]:
        return [one for one in processes(self.state) if f"-m featurelens.{module} " in f"{one.command} "]
