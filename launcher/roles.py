"""The processes of Featurelens as roles: what runs, when it is ready, when it hangs, whom its death concerns."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from featurelens.jobs.kinds.base import QUEUE, SWEEP_QUEUE
from featurelens.jobs.queue.queues import queue_of
from featurelens.jobs.settings import Settings, settings
from featurelens.launcher.children import python
from featurelens.launcher.deaths import announcing
from featurelens.launcher.readiness import (
    cataloguer_hangs,
    cataloguer_ready,
    renderer_hangs,
    renderer_ready,
    service_ready,
    silent,
    slot_hangs,
    slot_ready,
)
from featurelens.launcher.role import Role

SLOTS, SLOTS_ON_A_CARD = 8, 24
"""Pictures at once, where nobody says how many; a card makes as many in one pass, and each is a process."""

SLOT_NICENESS, RENDERER_NICENESS = 5, 10
"""Requests are answered first, then results are stored; optimization takes what is left."""


def service(host: str, port: int, log: Path | None) -> Role:
    """The HTTP front end, which listens on `host` and `port`."""
    ready = service_ready(host, port)
    return Role("service", python("featurelens.service"), ready, log, hangs=silent(ready))


@dataclass(frozen=True)
class RendererPlace:
    """Where one of the renderers of a worker runs: its number there, and its device."""

    worker: str
    number: int
    device: str
    of: int
    """How many renderers the worker has."""
    sharing: int = 1
    """How many of them share the device."""

    @property
    def environment(self) -> dict[str, str]:
        """The settings of this renderer and its slots."""
        names = {"RENDERER": self.number, "DEVICE": self.device, "SHARING": self.sharing}
        ours = {f"FEATURELENS_{name}": str(value) for name, value in names.items()}
        threads = {} if self.of == 1 else {"OMP_NUM_THREADS": str(max(1, _cores() // self.of))}
        return ours if "OMP_NUM_THREADS" in os.environ else ours | threads

    @property
    def settings(self) -> Settings:
        """As its processes read them."""
        changed = {"worker": self.worker, "renderer": self.number, "device": self.device}
        return settings().model_copy(update=changed)

    @property
    def suffix(self) -> str:
        """Of the names of its roles, where there are several."""
        return f" of renderer {self.number}" if self.of > 1 else ""


def _cores() -> int:
    """Those that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def renderer(url: str, place: RendererPlace, log: Path | None) -> Role:
    """A renderer; `url` is that of the broker, as below."""
    chosen = place.settings
    return Role(
        f"renderer {place.number}" if place.of > 1 else "renderer",
        python("featurelens.worker.renderer"),
        renderer_ready(url, chosen.renderer_socket, chosen.renderer_id),
        log,
        hangs=renderer_hangs(url, chosen.renderer_id),
        niceness=RENDERER_NICENESS,
        died=announcing(url, hangs_count=True),
        environment=place.environment,
        vital=False,
    )


def cataloguer(url: str, worker: str, log: Path | None) -> Role:
    """The cataloguer: whoever waits for a description waits beside the optimizations."""
    return Role(
        "cataloguer",
        python("featurelens.worker.cataloguer"),
        cataloguer_ready(url, worker),
        log,
        hangs=cataloguer_hangs(url, worker),
        niceness=RENDERER_NICENESS,
        vital=False,
    )


def slots(options: Settings, url: str, place: RendererPlace, log: Path | None) -> list[Role]:
    """The slots of a renderer for jobs asked for one by one, and the one for pictures of sweeps."""
    count = options.slots or (SLOTS_ON_A_CARD if place.device.startswith("cuda") else SLOTS)
    each = [_slot(f"slot {number}", QUEUE, url, place, log) for number in range(1, count + 1)]
    return each if options.sweep_slots == 0 else [*each, _slot("sweep slot", SWEEP_QUEUE, url, place, log)]


def _slot(name: str, queue: str, url: str, place: RendererPlace, log: Path | None) -> Role:
    host, whole = socket.gethostname(), queue_of(queue, place.settings.renderer_id)
    return Role(
        name + place.suffix,
        python("featurelens.worker.slot", queue),
        slot_ready(url, host, whole),
        log,
        hangs=slot_hangs(url, host, whole),
        niceness=SLOT_NICENESS,
        died=announcing(url, hangs_count=False),
        environment=place.environment,
        vital=False,
    )
