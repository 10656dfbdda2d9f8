"""The processes of one launcher: which ones, in which order they start and stop, and when all are ready."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from featurelens.jobs.settings import Settings
from featurelens.jobs.store.identity import Identity, id_of_state
from featurelens.launcher import roles
from featurelens.launcher.broker import await_broker
from featurelens.launcher.children import Child, GaveUp
from featurelens.launcher.claim import Claim
from featurelens.launcher.devices import devices
from featurelens.launcher.family import Family, finish
from featurelens.launcher.fork_server import ForkServer
from featurelens.launcher.greeting import greeting
from featurelens.launcher.logs import put_aside
from featurelens.launcher.owner import RENEWAL, Owner
from featurelens.launcher.parts import Parts
from featurelens.launcher.readiness import service_ready
from featurelens.launcher.role import Ready
from featurelens.launcher.roles import RendererPlace
from featurelens.launcher.store import Silent, find_store, is_gone
from featurelens.launcher.valkey import embedded
from featurelens.launcher.worker_claim import WorkerClaim
from featurelens.launcher.worker_id import worker_id

READY_WITHIN = 300.0
"""Seconds for what is vital to get ready: reading libraries from a cold disk takes long."""
REMIND_EVERY, REMIND_AT_LAST = 15.0, 600.0
"""Seconds between two lines on what is not ready yet: doubled with each, up to the latter."""
BROKER_WITHIN = 30.0
"""Seconds for the server of REDIS_URL to answer."""
CHECK_EVERY = 0.1
"""Seconds between two checks whether something is ready."""


class Stack:
    """The processes that this launcher starts. `claim` is that of the state folder, `say` prints one line.

    `store` is None where it does not answer yet: until it does nothing is taken from the queue.
    """

    def __init__(
        self,
        parts: Parts,
        options: Settings,
        claim: Claim | None,
        store: Identity | None,
        say: Callable[[str], None],
    ) -> None:
        self._parts = parts
        self._options = options
        self._claim = claim
        self._store = store
        self._owner: Owner | None = None
        self._worker: WorkerClaim | None = None
        self._url: str | None = None
        self._said = ""
        self._say = say
        self._state = options.state.absolute()
        # Containers collect the output; elsewhere each process logs into a file.
        self._logs = put_aside(self._state / "logs") if parts == "all" else None
        self._host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(options.host, options.host)
        # OpenMP threads that spin only briefly: on busy cores a step is up to five times faster.
        waiting = {"GOMP_SPINCOUNT": os.environ.get("GOMP_SPINCOUNT", "2000")}
        environment = os.environ | waiting | {"FEATURELENS_STATE": str(self._state), "PYTHONUNBUFFERED": "1"}
        self._family = Family(environment, say)
        self._service: list[Child] = []
        self._slots: list[Child] = []
        self._forks: list[Child] = []
        """The fork server of the slots."""
        self._torch: list[Child] = []
        """Renderers, and last the cataloguer."""
        self._valkey: list[Child] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Keeps all processes running until `stop` is set.

        Raises `GaveUp` when one cannot be kept running, `Refused` when the queue belongs to another store, and
        `StateGone` when the state folder has vanished.
        """
        failure = self._family.failure
        stopped = asyncio.create_task(stop.wait())
        start, watch = asyncio.create_task(self._start()), asyncio.create_task(self._watch())
        events: set[asyncio.Future[Any]] = {start, watch, stopped, failure}
        try:
            await asyncio.wait(events, return_when=asyncio.FIRST_COMPLETED)
            if start.done():
                start.result()
                await asyncio.wait(events - {start}, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                watch.result()
            if failure.done():
                raise failure.result()
            self._say("stopping")
        finally:
            await finish((start, watch, stopped))
            if self._valkey:
                await self._release()
            # Front to back: no new jobs come in, running ones return to the queue, the queue is written to disk.
            await self._family.stop((self._service, self._forks, self._slots, self._torch, self._valkey))
            if not self._valkey:
                await self._release()

    async def _watch(self) -> None:
        """Looks after what no child shows: raises `StateGone`, `GaveUp` or `Refused`."""
        while True:
            await asyncio.sleep(RENEWAL)
            if self._claim is not None:
                self._claim.check()
            if self._store is not None and await asyncio.to_thread(is_gone, self._options, self._store):
                if self._options.results is not None:
                    raise GaveUp(f"the store {self._store.where} is gone, or another one is in its place")
                await self._release()
                self._store = self._owner = None
            if self._owner is not None:
                with suppress(RedisError, OSError):  # nobody else can take it meanwhile, either
                    await self._owner.claim()
                    if self._worker is not None:
                        await self._worker.renew()
            elif self._url is not None and (self._parts == "service" or self._slots):
                await self._own(self._url)

    async def _start(self) -> None:
        began = time.monotonic()
        self._say(f"starting{self._where()}")
        url = self._url = await self._broker()
        works = self._parts != "service"
        owned = await self._own(url)
        if self._parts != "worker":
            role = roles.service(self._host, self._options.port, self._log("service"))
            self._service.append(self._family.start(role))
        while works and not owned:
            await asyncio.sleep(1)
            owned = await self._own(url)
        if works:
            await self._keep_worker(url)
        await self._ready(self._service + self._torch + self._slots)
        await self._greet(began)

    async def _keep_worker(self, url: str) -> None:
        worker = worker_id(self._state)
        if not self._valkey:  # one that is embedded is nobody else's
            claim = WorkerClaim(url, worker, self._state)
            await claim.take(self._say)
            self._worker = claim
        self._family.environment["FEATURELENS_WORKER"] = worker
        chosen = devices(self._options.device, self._options.renderers)
        places = [
            RendererPlace(worker, number, device, len(chosen), chosen.count(device))
            for number, device in enumerate(chosen)
        ]
        log_of_slots = self._log("slots")
        server = ForkServer(log_of_slots) if sys.platform == "linux" else None
        if server is not None:
            self._forks.append(self._family.start(server.role))
        log = self._log("renderer")
        self._torch += [self._family.start(roles.renderer(url, place, log)) for place in places]
        self._torch.append(self._family.start(roles.cataloguer(url, worker, self._log("cataloguer"))))
        for place in places:
            each = roles.slots(self._options, url, place, log_of_slots)
            self._slots += [self._family.start(role, server) for role in each]

    def _log(self, name: str) -> Path | None:
        return self._logs and self._logs / f"{name}.log"

    async def _own(self, url: str) -> bool:
        """Claims the queue; False: the broker cannot be written to, or the store does not answer, yet.

        Raises `Refused` when it is another store's, or there is no such store.
        """
        try:
            service = self._parts == "service"
            if self._store is None:
                self._store = await asyncio.to_thread(find_store, self._options, self._parts)
            owner = Owner(url, self._store, id_of_state(self._options) if service else None)
            await owner.claim()
        except (RedisError, OSError, Silent) as error:
            reason = str(error) if isinstance(error, Silent) else f"the queue cannot be written to yet: {error}"
            if reason != self._said:
                self._say(reason)
                self._said = reason
            return False
        self._owner = owner
        return True

    async def _release(self) -> None:
        if self._worker is not None:
            await self._worker.release()
        if self._owner is not None:
            with suppress(RedisError, OSError):  # then it is free by itself, a little later
                await self._owner.release()

    async def _broker(self) -> str:
        """The URL of the operator's Redis, or of the embedded server, which is started here."""
        url = self._options.redis_url
        if url is None:
            server = embedded(self._state, self._log("valkey"))
            self._valkey.append(self._family.start(server.role))
            await self._ready(self._valkey)
            url = server.url
        else:
            await await_broker(url, BROKER_WITHIN)
        self._family.environment["REDIS_URL"] = url
        return url

    async def _ready(self, children: list[Child]) -> None:
        """Waits for all; for what is not vital however long it takes. Raises `GaveUp` about what is."""
        began, pause = time.monotonic(), REMIND_EVERY
        while waiting := [child for child in children if not child.ready.is_set()]:
            try:
                async with asyncio.timeout(pause):
                    await asyncio.gather(*(child.ready.wait() for child in waiting))
            except TimeoutError:
                waiting = [child for child in children if not child.ready.is_set()]
                names = ", ".join(child.role.name for child in waiting)
                if any(child.role.vital for child in waiting) and time.monotonic() - began > READY_WITHIN:
                    raise GaveUp(f"not ready after {READY_WITHIN:g} s: {names}{self._where()}") from None
                self._say(f"still waiting for {names}{self._where()}")
                pause = min(2 * pause, REMIND_AT_LAST)

    async def _greet(self, began: float) -> None:
        if self._parts == "worker":
            renderers = len(self._torch) - 1
            told = "renderer" if renderers == 1 else f"{renderers} renderers"
            self._say(f"the worker is ready: {told} and {len(self._slots)} slots")
            return
        if self._parts == "all":
            ready = service_ready(self._host, self._options.port, "/readyz")
            try:
                await _within(READY_WITHIN, ready, f"the service does not get ready{self._where()}")
            except GaveUp as late:
                self._say(str(late))
                while not await ready(0):
                    await asyncio.sleep(REMIND_EVERY)
        seconds = time.monotonic() - began
        self._say(await greeting(self._host, self._options.port, f"{seconds:.1f} s{self._where()}; Ctrl-C stops it"))

    def _where(self) -> str:
        return f"; logs in {os.path.relpath(self._logs)}" if self._logs else ""


async def _within(seconds: float, ready: Ready, problem: str) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not await ready(0):
                await asyncio.sleep(CHECK_EVERY)
    except TimeoutError:
        raise GaveUp(f"{problem} (waited {seconds:g} s)") from None
