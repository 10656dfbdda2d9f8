"""How far a job is, as its events and its resource tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

OVER = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True)
class Progress:
    """`status` is queued, running, cancelling, succeeded, failed or cancelled."""

    status: str
    position: int | None = None
    """Place in the queue, 1 is next; while it is queued."""
    stage: str | None = None
    """waiting, downloading, loading, rendering, reading, tabulating, storing or stopping."""
    step: int = 0
    steps: int = 0
    score: float | None = None
    """What is optimized, on this step's transformed picture: it rises, whatever the sign."""
    seconds_left: float | None = None
    downloaded: int | None = None
    """Bytes of the network's weights that have come; while they are downloaded."""
    download_size: int | None = None
    preview: str | None = None
    """The address of a small picture of a step on the way."""
    waiting_for: str | None = None
    """``other-version`` while it is queued without a place: no worker there understands it."""

    @property
    def over(self) -> bool:
        """Nothing about it changes any more."""
        return self.status in OVER

    @classmethod
    def of(cls, resource: Mapping[str, Any]) -> Self:
        """Of a job's resource."""
        told = resource.get("progress") or {}
        preview = (resource.get("links") or {}).get("preview")
        waiting = resource.get("waiting_for")
        return cls(resource["status"], resource.get("position"), **_known(told), preview=preview, waiting_for=waiting)

    @classmethod
    def of_event(cls, name: str, told: Mapping[str, Any]) -> Self:
        """Of the event `queued` or `progress`."""
        if name == "queued":
            return cls("queued", told.get("position"), waiting_for=told.get("waiting_for"))
        return cls("running", **_known(told))


_NAMES = ("stage", "step", "steps", "score", "seconds_left", "downloaded", "download_size")


def _known(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: told[name] for name in _NAMES if name in told}
