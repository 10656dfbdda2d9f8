"""The processes of Featurelens as roles: what runs, when it is ready, when it hangs, whom its death concerns."""

from __future__ import annotations

import socket
from pathlib import Path

from featurelens.jobs.kinds.base import SWEEP_QUEUE
from featurelens.jobs.settings import Settings
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
"""Pictures at once, where nobody says how many; a card makes as many in one pass, and each is a process of 54 MB."""
_DRIVER = Path("/dev/nvidiactl")

SLOT_NICENESS, RENDERER_NICENESS = 5, 10
"""Requests are answered first, then results are stored; optimization takes what is left."""


def service(host: str, port: int, log: Path | None) -> Role:
    """The HTTP front end, which listens on `host` and `port`."""
    ready = service_ready(host, port)
    return Role("service", python("featurelens.service"), ready, log, hangs=silent(ready))


def renderer(url: str, path: Path, log: Path | None) -> Role:
    """The renderer, which listens on the unix socket `path`; `url` is that of the broker, as below."""
    return Role(
        "renderer",
        python("featurelens.worker.renderer"),
        renderer_ready(url, path),
        log,
        hangs=renderer_hangs(url),
        niceness=RENDERER_NICENESS,
        died=announcing(url, hangs_count=True),
        vital=False,
    )


def cataloguer(url: str, log: Path | None) -> Role:
    """The cataloguer: whoever waits for a description waits beside the optimizations."""
    return Role(
        "cataloguer",
        python("featurelens.worker.cataloguer"),
        cataloguer_ready(url),
        log,
        hangs=cataloguer_hangs(url),
        niceness=RENDERER_NICENESS,
        vital=False,
    )


def slots(options: Settings, url: str, log: Path | None) -> list[Role]:
    """The slots for jobs asked for one by one, and the one for pictures of sweeps."""
    count = options.slots or (SLOTS_ON_A_CARD if _on_a_card(options.device) else SLOTS)
    each = [_slot(f"slot {number}", url, log) for number in range(1, count + 1)]
    return each if options.sweep_slots == 0 else [*each, _slot("sweep slot", url, log, SWEEP_QUEUE)]


def _on_a_card(device: str) -> bool:
    """Whether the renderer will run on one. Asked without torch: its driver has made a device file."""
    return device.startswith("cuda") or (device == "auto" and _DRIVER.exists())


def _slot(name: str, url: str, log: Path | None, *queue: str) -> Role:
    host = socket.gethostname()
    return Role(
        name,
        python("featurelens.worker.slot", *queue),
        slot_ready(url, host),
        log,
        hangs=slot_hangs(url, host),
        niceness=SLOT_NICENESS,
        died=announcing(url, hangs_count=False),
        vital=False,
    )
