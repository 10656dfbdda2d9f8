"""The processes of Featurelens as roles: what runs, when it is ready, when it hangs, whom its death concerns."""

from __future__ import annotations

import socket
from pathlib import Path

from featurelens.jobs.kinds.base import SWEEP_QUEUE
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


def slot(number: int, url: str, log: Path | None) -> Role:
    """A slot for jobs asked for one by one."""
    return _slot(f"slot {number}", url, log)


def sweep_slot(url: str, log: Path | None) -> Role:
    """The slot for pictures of sweeps."""
    return _slot("sweep slot", url, log, SWEEP_QUEUE)


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
