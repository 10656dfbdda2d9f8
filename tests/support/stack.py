"""A whole Featurelens started as an operator starts it, on a free port with a state folder of its own."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
from redis import Redis

from featurelens.jobs.queue.broker import connect
from tests.support.paths import ROOT
from tests.support.processes import Process, environment_of, processes
from tests.support.wait import until

READY_WITHIN = 240.0


def environment(state: Path, port: int, **more: str) -> dict[str, str]:
    """What an operator would set, and `more`."""
    rest = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    few = {"FEATURELENS_SLOTS": "2", "FEATURELENS_SWEEP_SLOTS": "1"}
    return rest | {"FEATURELENS_STATE": str(state), "PORT": str(port)} | few | more


def launch(state: Path, port: int, **more: str) -> subprocess.Popen[str]:
    """`make run` without make."""
    command = (sys.executable, "-P", "-m", "featurelens", "serve")
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(state, port, **more),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


class Stack:
    """Starts on creation and returns when it says that it is ready. Use as a context manager. `more` are settings."""

    def __init__(self, state: Path, port: int, **more: str) -> None:
        self.state = state
        self.port = port
        began = time.monotonic()
        self.launcher = launch(state, port, **more)
        self.printed: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._await_ready()
        self.seconds_to_ready = time.monotonic() - began
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> int:
        """SIGTERM, as an operator's Ctrl-C; the launcher's exit status."""
        self.http.close()
        if self.launcher.poll() is None:
            self.launcher.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        """Waits for the launcher's end and closes what it wrote to."""
        status = self.launcher.wait(40)
        self._reader.join(10)
        for pipe in (self.launcher.stdout, self.launcher.stderr):
            if pipe:
                pipe.close()
        return status

    def children(self, module: str) -> list[Process]:
        """The launcher's own children that run this module; of slots, those for sweeps are the last."""
        mine = [process for process in processes(self.state) if process.parent == self.launcher.pid]
        found = [process for process in mine if f"-m featurelens.{module} " in f"{process.command} "]
        return sorted(found, key=lambda process: not process.command.endswith(module))

    def working_slots(self) -> Sequence[Process]:
        """Slots whose work horse is out."""
        parents = {process.parent for process in processes(self.state)}
        return [slot for slot in self.children("worker.slot") if slot.pid in parents]

    def redis(self) -> Redis:
        """A client of its broker, whose address its processes have been told."""
        names = (name for one in processes(self.state) for name in environment_of(one.pid))
        return connect(next(name for name in names if name.startswith("REDIS_URL=")).partition("=")[2])

    def post(self, **spec: Any) -> httpx.Response:
        """Asks for a picture."""
        return self.http.post("/v1/visualizations", json=spec)

    def see(self, url: str) -> dict[str, Any]:
        """The resource at `url`."""
        answer = self.http.get(url)
        assert answer.status_code == 200, answer.text
        resource: dict[str, Any] = answer.json()
        return resource

    def running(self, url: str) -> dict[str, Any]:
        """Waits until the optimization is under way."""

        def look() -> dict[str, Any] | None:
            resource = self.see(url)
            assert resource["status"] in ("queued", "running"), f"too fast or failed: {resource}"
            return resource if resource["status"] == "running" and resource["progress"]["step"] > 0 else None

        return until(look, 60, f"{url} running")

    def finished(self, url: str, within: float = 90) -> dict[str, Any]:
        """Waits for the end and insists that it is a good one."""

        def look() -> dict[str, Any] | None:
            resource = self.see(url)
            return resource if resource["status"] in ("succeeded", "failed", "cancelled") else None

        resource = until(look, within, f"{url} finished")
        assert resource["status"] == "succeeded", resource
        return resource

    def _await_ready(self) -> None:
        end = time.monotonic() + READY_WITHIN
        while True:
            try:
                line = self._lines.get(timeout=max(end - time.monotonic(), 0.1))
            except queue.Empty:
                # Where API keys are asked for, no request is printed.
                if any(one.startswith("Featurelens is ready") for one in self.printed):
                    return
                raise
            if line is not None and line.startswith("Featurelens is ready"):
                end = time.monotonic() + 2
            if line is None:
                errors = self.launcher.stderr.read() if self.launcher.stderr else ""
                self.ended()
                raise AssertionError(f"the launcher ended before it was ready: {self.printed} {errors}")
            if line.startswith("  curl "):
                return

    def _read(self) -> None:
        assert self.launcher.stdout
        for line in self.launcher.stdout:
            self.printed.append(line.rstrip("\n"))
            self._lines.put(line)
        self._lines.put(None)
