"""Pictures of a sweep as they end, long before the last of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from featurelens.client.errors import Unreachable, ending_of
from featurelens.client.progress import Progress
from featurelens.client.retries import told
from featurelens.client.steps import Emit, Pause, Request, Steps
from featurelens.client.watching import Report, late
from featurelens.jobs import addresses
from featurelens.jobs.errors import FeaturelensError

if TYPE_CHECKING:
    from featurelens.client.operations import Operations

_AHEAD = 100
"""Pictures looked at beyond the first that has not ended: they are made in their order, or nearly so."""

_PAUSES = (0.2, 2.0)
"""Seconds between two looks, at first and at last."""

_UNENDED = frozenset({"queued", "running", "cancelling"})


def swept_one_by_one(operations: Operations, id: str, timeout: float | None, report: Report | None) -> Steps[None]:
    """Emits `(item, picture)`. In place of a picture that failed or was stopped there is the error.

    Raises `TimedOut` after `timeout` seconds.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    first, total, pause = 0, 1, _PAUSES[0]
    emitted: set[int] = set()
    while first < total:
        sweep = yield from told(Request("GET", addresses.sweep(id)), operations.patience)
        total, fresh = sweep["total"], 0
        request = Request("GET", addresses.sweep_items(id), {"offset": first, "limit": _AHEAD})
        page = yield from told(request, operations.patience)
        for number, item in enumerate(page["items"], first):
            if number not in emitted and item["status"] not in _UNENDED:
                emitted.add(number)
                fresh += 1
                yield Emit((item, (yield from _picture(operations, item))))
                if report is not None:
                    report(Progress("running", step=len(emitted), steps=total))
        while first in emitted:
            first += 1
        if first < total and not fresh:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise late(addresses.sweep(id), timeout)
            yield Pause(pause if left is None else min(pause, left))
        pause = _PAUSES[0] if fresh else min(1.5 * pause, _PAUSES[1])


def _picture(operations: Operations, item: dict[str, Any]) -> Steps[Any]:
    try:
        resource = yield from told(Request("GET", addresses.visualization(item["key"])), operations.patience)
        if resource["status"] != "succeeded":
            return ending_of(resource)
        return (yield from operations.visualization(resource))
    except Unreachable:
        raise
    except FeaturelensError as error:
        return error
