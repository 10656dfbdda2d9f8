"""The processes of one launcher: which ones, in which order they start and stop, and when all are ready."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from featurelens.jobs.kinds.base import SWEEP_QUEUE
from featurelens.jobs.settings import Settings
from featurelens.launcher.children import Child, Family, GaveUp, Ready, Role, finish, python
from featurelens.launcher.greeting import greeting
from featurelens.launcher.readiness import (
    broker_ready,
    broker_refusal,
    renderer_hangs,
    renderer_ready,
    service_ready,
    slot_hangs,
    slot_ready,
)
from featurelens.launcher.valkey import embedded

Parts = Literal["all", "worker", "service"]

READY_WITHIN = 300.0
"""Seconds for everything to get ready: reading torch from a cold disk takes long."""
REMIND_EVERY = 15.0
"""Seconds between two lines on what is not ready yet."""
BROKER_WITHIN = 30.0
"""Seconds for the server of REDIS_URL to answer."""
CHECK_EVERY = 0.1
"""Seconds between two checks whether something is ready."""
SLOT_NICENESS, RENDERER_NICENESS = 5, 10
"""Requests are answered first, then results are stored; optimization takes what is left."""


class Stack:
    """The processes that this launcher starts. `say` prints one line for the operator."""

    def __init__(self, parts: Parts, options: Settings, say: Callable[[str], None]) -> None:
        self._parts = parts
        self._options = options
        self._say = say
        self._state = options.state.absolute()
        # Containers collect the output; elsewhere each process logs into a file.
        self._logs = _fresh(self._state / "logs") if parts == "all" else None
        self._host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(options.host, options.host)
        # OpenMP threads that spin only briefly: on busy cores a step is up to five times faster.
        waiting = {"GOMP_SPINCOUNT": os.environ.get("GOMP_SPINCOUNT", "2000")}
        environment = os.environ | waiting | {"FEATURELENS_STATE": str(self._state), "PYTHONUNBUFFERED": "1"}
        self._family = Family(environment, say)
        self._service: list[Child] = []
        self._slots: list[Child] = []
        self._renderer: list[Child] = []
        self._valkey: list[Child] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Keeps all processes running until `stop` is set. Raises `GaveUp` when one cannot be kept running."""
        failure = self._family.failure
        stopped = asyncio.create_task(stop.wait())
        start = asyncio.create_task(self._start())
        events: set[asyncio.Future[Any]] = {start, stopped, failure}
        try:
            await asyncio.wait(events, return_when=asyncio.FIRST_COMPLETED)
            if start.done():
                start.result()
                await asyncio.wait(events - {start}, return_when=asyncio.FIRST_COMPLETED)
            if failure.done():
                raise failure.result()
            self._say("stopping")
        finally:
            await finish((start, stopped))
            # Front to back: no new jobs come in, running ones return to the queue, the queue is written to disk.
            await self._family.stop((self._service, self._slots, self._renderer, self._valkey))

    async def _start(self) -> None:
        began = time.monotonic()
        self._say(f"starting{self._where()}")
        url = await self._broker()
        if self._parts != "worker":
            ready = service_ready(self._host, self._options.port)
            self._service.append(self._keep("service", python("featurelens.service"), ready))
        if self._parts != "service":
            ready = renderer_ready(url, self._options.renderer_socket)
            hangs = renderer_hangs(url)
            command = python("featurelens.worker.renderer")
            self._renderer.append(self._keep("renderer", command, ready, hangs=hangs, niceness=RENDERER_NICENESS))
            for number in range(1, self._options.slots + 1):
                self._slots.append(self._keep_slot(f"slot {number}", url))
            for number in range(1, self._options.sweep_slots + 1):
                self._slots.append(self._keep_slot(f"sweep slot {number}", url, SWEEP_QUEUE))
        await self._ready(self._service + self._renderer + self._slots)
        await self._greet(began)

    def _keep(
        self,
        name: str,
        command: tuple[str, ...],
        ready: Ready,
        log: str | None = None,
        hangs: Ready | None = None,
        niceness: int = 0,
    ) -> Child:
        file = self._logs and self._logs / f"{log or name}.log"
        return self._family.start(Role(name, command, ready, file, hangs=hangs, niceness=niceness))

    def _keep_slot(self, name: str, url: str, *queue: str) -> Child:
        host = socket.gethostname()
        ready, hangs = slot_ready(url, host), slot_hangs(url, host)
        return self._keep(name, python("featurelens.worker.slot", *queue), ready, "slots", hangs, SLOT_NICENESS)

    async def _broker(self) -> str:
        """The URL of the operator's Redis, or of the embedded server, which is started here."""
        url = self._options.redis_url
        if url is None:
            server = embedded(self._state, self._logs and self._logs / "valkey.log")
            self._valkey.append(self._family.start(server.role))
            await self._ready(self._valkey)
            url = server.url
        else:
            await _within(BROKER_WITHIN, _lets_in(url), "the server named by REDIS_URL does not answer")
        self._family.environment["REDIS_URL"] = url
        return url

    async def _ready(self, children: list[Child]) -> None:
        began = time.monotonic()
        while waiting := [child for child in children if not child.ready.is_set()]:
            names = ", ".join(child.role.name for child in waiting)
            if time.monotonic() - began > READY_WITHIN:
                raise GaveUp(f"not ready after {READY_WITHIN:g} s: {names}{self._where()}")
            if time.monotonic() - began > REMIND_EVERY:
                self._say(f"still waiting for {names}{self._where()}")
            try:
                async with asyncio.timeout(REMIND_EVERY):
                    await asyncio.gather(*(child.ready.wait() for child in waiting))
            except TimeoutError:
                continue

    async def _greet(self, began: float) -> None:
        if self._parts == "worker":
            self._say(f"the worker is ready: renderer and {len(self._slots)} slots")
            return
        if self._parts == "all":
            ready = service_ready(self._host, self._options.port, "/readyz")
            await _within(READY_WITHIN, ready, f"the service does not get ready{self._where()}")
        seconds = time.monotonic() - began
        self._say(await greeting(self._host, self._options.port, f"{seconds:.1f} s{self._where()}; Ctrl-C stops it"))

    def _where(self) -> str:
        return f"; logs in {os.path.relpath(self._logs)}" if self._logs else ""


def _lets_in(url: str) -> Ready:
    """As `broker_ready`. Raises `GaveUp` where waiting would not help."""
    ready = broker_ready(url)

    async def check(pid: int) -> bool:
        refusal = await broker_refusal(url)
        if refusal is not None:
            raise GaveUp(f"the server named by REDIS_URL {refusal}")
        return await ready(pid)

    return check


async def _within(seconds: float, ready: Ready, problem: str) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not await ready(0):
                await asyncio.sleep(CHECK_EVERY)
    except TimeoutError:
        raise GaveUp(f"{problem} (waited {seconds:g} s)") from None


def _fresh(folder: Path) -> Path:
    """The folder for logs, those of the last run renamed, so that no file grows for ever."""
    for log in folder.glob("*.log"):
        log.replace(log.with_suffix(".log.1"))
    return folder
