"""What `featurelens doctor` looks at, each an area of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from featurelens.cli.checkups.device import device
from featurelens.cli.checkups.finding import Finding
from featurelens.cli.checkups.installed import installed
from featurelens.cli.checkups.networks import networks
from featurelens.cli.checkups.queue import queue
from featurelens.cli.checkups.service import service
from featurelens.cli.checkups.state import state
from featurelens.cli.checkups.store import store

CHECKUPS: dict[str, Callable[[], Iterator[Finding]]] = {
    "installed": installed,
    "device": device,
    "queue": queue,
    "state": state,
    "store": store,
    "networks": networks,
    "service": service,
}

__all__ = ["CHECKUPS", "Finding"]
