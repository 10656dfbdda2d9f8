"""Waits for a job: by its stream of events, or by asking where no stream gets through."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from featurelens.client.errors import TimedOut, ending_of
from featurelens.client.progress import OVER, Progress
from featurelens.client.retries import told
from featurelens.client.steps import Emit, Event, Hear, Listen, Pause, Request, Steps
from featurelens.jobs.errors import FeaturelensError

SILENCE = 12.0
"""Seconds without a byte after which a stream is opened anew: less than the 15 after which the service sends one."""

FRUITLESS = 2
"""Streams in a row that told nothing, after which events are given up: a proxy on the way gathers them."""

_PAUSES = (0.2, 2.0)
"""Seconds between two questions, at first and at last."""

Report = Callable[[Progress], object]


def ended(path: str, timeout: float | None, patience: float, report: Report | None = None) -> Steps[dict[str, Any]]:
    """The resource at `path` once it has succeeded. Emits and reports `Progress` on the way.

    Raises `TimedOut` after `timeout` seconds, what the job failed with, or `Cancelled`.
    """
    resource = yield from _over(path, timeout, patience, report)
    if resource["status"] != "succeeded":
        raise ending_of(resource)
    return resource


def _over(path: str, timeout: float | None, patience: float, report: Report | None) -> Steps[dict[str, Any]]:
    deadline = None if timeout is None else time.monotonic() + timeout
    pause, fruitless, last_id = _PAUSES[0], 0, ""
    while True:
        resource = yield from told(Request("GET", path), patience)
        yield from _tell(Progress.of(resource), report)
        if resource["status"] in OVER:
            return resource
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise late(path, timeout)
        if fruitless < FRUITLESS and (left is None or left > SILENCE):
            stream = yield from _heard(path, last_id, deadline, report)
            last_id, fruitless = stream.last_id, 0 if stream.told else fruitless + 1
            if stream.over:
                continue
        yield Pause(pause if left is None else min(pause, left))
        pause = min(1.5 * pause, _PAUSES[1])


@dataclass
class _Stream:
    """What came of one stream: whether it `told` anything, and the end; and the id of its last event."""

    last_id: str
    told: bool = False
    over: bool = False


def _heard(path: str, last_id: str, deadline: float | None, report: Report | None) -> Steps[_Stream]:
    stream = _Stream(last_id)
    try:
        yield Listen(f"{path}/events", last_id, SILENCE)
        while not stream.over and (deadline is None or deadline - time.monotonic() > SILENCE):
            event: Event | None = yield Hear()
            if event is None:
                return stream
            stream.told, stream.last_id, stream.over = True, event.id or stream.last_id, event.name in OVER
            if event.name in {"queued", "progress"}:
                yield from _tell(Progress.of_event(event.name, json.loads(event.data)), report)
    except FeaturelensError:  # the connection broke, or there is no stream: whoever asks then hears why
        return stream
    return stream


def _tell(progress: Progress, report: Report | None) -> Steps[None]:
    if report is not None:
        report(progress)
    yield Emit(progress)


def swept(path: str, timeout: float | None, patience: float, report: Report | None = None) -> Steps[dict[str, Any]]:
    """The resource of the sweep at `path` once none of its pictures is left to be made; steps are pictures.

    Raises `TimedOut` after `timeout` seconds.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    pause = _PAUSES[0]
    while True:
        resource = yield from told(Request("GET", path), patience)
        counts = resource["counts"]
        done = sum(number for state, number in counts.items() if state not in {"queued", "running", "cancelling"})
        status = {"underway": "running"}.get(resource["status"], resource["status"])
        yield from _tell(Progress(status, step=done, steps=resource["total"]), report)
        if resource["status"] in {"finished", "cancelled"}:
            return resource
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise late(path, timeout)
        yield Pause(pause if left is None else min(pause, left))
        pause = min(1.5 * pause, _PAUSES[1])


def late(path: str, timeout: float | None) -> TimedOut:
    """The error of one who waits for what is at `path` no longer."""
    return TimedOut(f"not finished within {timeout:g} s; it goes on, under {path}", path.rpartition("/")[2])
