"""Slots and a fake renderer as real processes, and the ways to hurt them."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from redis import Redis

from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.kinds.base import QUEUE
from featurelens.jobs.queue import liveness
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.record import Record
from featurelens.jobs.queue.ticket import Ticket, Wanted
from featurelens.jobs.settings import Settings
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.file_store import FileStore
from tests.support.paths import ROOT
from tests.support.wait import until


class WorkerHarness:
    """Starts nothing by itself; stops everything at the end."""

    def __init__(self, redis: Redis, url: str, state: Path) -> None:
        self.redis = redis
        self.state = state
        self.settings = Settings(redis_url=url, state=state)
        self.queue = JobQueue(redis)
        self.store = FileStore(self.settings.results_folder)
        self.journal = state / "journal"
        self._environment = {**os.environ, "REDIS_URL": url, "FEATURELENS_STATE": str(state)}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._channels = itertools.count(100)
        liveness.beat(redis)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def start_renderer(self) -> subprocess.Popen[bytes]:
        """Returns when it listens."""
        socket = self.settings.renderer_socket
        socket.unlink(missing_ok=True)
        process = self._spawn("tests.support.fake_renderer", str(socket), str(self.journal))
        until(socket.exists)
        return process

    def start_slot(self, module: str = "tests.support.quick_slot", queue: str = QUEUE) -> subprocess.Popen[bytes]:
        """Returns when it is registered. Its heartbeats are quick, or every test would wait for them."""
        others = liveness.slots_alive(self.redis, queue)
        process = self._spawn(module, queue)
        until(lambda: liveness.slots_alive(self.redis, queue) > others)
        return process

    def ask(self, seed: int = 0, steps: int = 5, channel: int | None = None, queue: str = QUEUE) -> str:
        """Puts a picture into the queue, a new one when no channel is named; returns its key."""
        channel = next(self._channels) if channel is None else channel
        spec = VisualizationSpec(
            model="m", layer="l", channel=channel, size=(48, 64), steps=steps, seed=seed
        ).completed()
        key = VISUALIZATION.key(spec, "sha256:0", "1")
        self.queue.submit_all([Wanted(key, spec, "sha256:0")], queue)
        return key

    def ticket(self, key: str) -> Ticket:
        found = self.queue.find(key)
        assert found is not None
        return found

    def record(self, key: str) -> Record:
        return self.ticket(key).record

    def rendering(self, key: str) -> bool:
        """The picture has taken its first steps."""
        record = self.record(key)
        return record.status == "running" and record.stage == "rendering" and record.step > 0

    def await_status(self, key: str, status: str, within: float = 20.0) -> None:
        until(lambda: self.record(key).status == status, within, f"{key} {status}")

    def noted(self, what: str, key: str) -> int:
        return self.journal.read_text().split("\n").count(f"{what} {key}")

    def _spawn(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        log = (self.state / f"{module}.log").open("ab")
        with log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self._processes.append(process)
        return process
