"""Which processes a launcher starts, and what these put into the store."""

from __future__ import annotations

from typing import Literal

from featurelens.jobs.store.open_store import Area

Parts = Literal["all", "worker", "service"]

_SERVICE: tuple[Area, ...] = ("photos",)
_WORKER: tuple[Area, ...] = ("results", "scans")

WRITES: dict[Parts, tuple[Area, ...]] = {
    "service": _SERVICE,
    "worker": _WORKER,
    "all": (*_SERVICE, *_WORKER),
}
