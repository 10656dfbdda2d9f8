"""Requests repeated until they are answered, and never asked twice.

A GET and an upload may be repeated without harm. A POST that asks for work carries an `Idempotency-Key`, the same each
time, so that the service takes it as one. Whatever else is repeated only where it cannot have arrived: a DELETE takes
back one request for a job, and another one would take back somebody else's.
"""

from __future__ import annotations

import json
import logging
import random
import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

from featurelens.client.errors import Unreachable, error_of
from featurelens.client.steps import Answer, Pause, Request, Steps
from featurelens.jobs.errors import BeingAsked, FeaturelensError, StoreFull, Unavailable

log = logging.getLogger("featurelens.client")
"""Says what is waited for, as information."""

_PAUSES = (0.5, 5.0)
"""Seconds at first and at last, where the service does not say how long; with chance, so that clients do not march."""


def once(request: Request) -> Request:
    """`request` with an `Idempotency-Key` of its own."""
    return replace(request, headers={**request.headers, "Idempotency-Key": str(uuid4())})


def answered(request: Request, patience: float) -> Steps[Answer]:
    """The answer, of a status below 400. While the reason passes, it is asked again for `patience` seconds.

    Raises the error that the last answer is, or `Unreachable`.
    """
    deadline, pause = time.monotonic() + patience, _PAUSES[0]
    while True:
        try:
            answer: Answer = yield request
            if answer.status < 300:
                return answer
            raise error_of(answer.status, answer.headers, answer.content)
        except FeaturelensError as error:
            wait = _worth_waiting(request, error, pause)
            if wait is None or time.monotonic() + wait > deadline:
                raise
            log.info("waiting %.1f s: %s", wait, error.detail)
        yield Pause(wait)
        pause = min(2 * pause, _PAUSES[1])


def told(request: Request, patience: float) -> Steps[dict[str, Any]]:
    """The same, its body as JSON. Raises `Unreachable` where it is none."""
    answer = yield from answered(request, patience)
    try:
        found = json.loads(answer.content)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unreachable(f"what answers {request.path} is no Featurelens")
    return found


def _worth_waiting(request: Request, error: FeaturelensError, pause: float) -> float | None:
    """Seconds until it may be asked again; None: never."""
    repeatable = request.method == "GET" or request.content is not None or "Idempotency-Key" in request.headers
    chance = pause * random.uniform(0.5, 1)
    if isinstance(error, Unreachable):
        return chance if repeatable or not error.sent else None
    if isinstance(error, BeingAsked):
        return chance
    if isinstance(error, Unavailable) and not isinstance(error, StoreFull) and repeatable:
        return max(error.retry_after, chance)
    return None
