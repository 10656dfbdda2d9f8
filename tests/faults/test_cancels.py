"""Pictures stopped over HTTP at random moments, the first milliseconds and the last included."""

from __future__ import annotations

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.fault_injection import FULL, LOG, pids
from tests.support.stack import Stack
from tests.support.stack_pictures import SHORT, accept, whole
from tests.support.wait import until

PICTURES = 1000 if FULL else 48
AT_ONCE = 4
END = {"cancelled": "cancelled", "cancelling": "cancelled", "over": "succeeded", "failed": "failed"}
"""What becomes of a picture by what was said when it was stopped."""


def _stop(stack: Stack, number: int) -> tuple[str, str]:
    """(address, what its asker was told when it was stopped), after a moment that may be any of its life."""
    url = accept(stack, **_spec(number))
    time.sleep(random.Random(number).uniform(0, 1.2))
    answer = stack.http.delete(url)
    if answer.status_code == 409:
        return url, "over"
    assert answer.status_code in {200, 202}, answer.text
    return url, str(answer.json()["status"])


def _spec(number: int) -> dict[str, Any]:
    return SHORT | {"seed": 40_000 + number, "steps": 2 + number % 11}


def _ended(stack: Stack, url: str, told: str) -> float:
    """Seconds until it has ended as told; it is never seen ending otherwise."""
    begun = time.monotonic()

    def look() -> bool:
        status = stack.see(url)["status"]
        assert status == END[told] or status not in END.values(), f"the asker of {url} was told {told}, it is {status}"
        return bool(status == END[told])

    until(look, 60, f"{url} {END[told]}")
    return time.monotonic() - begun


def test_at_random_moments(stack: Stack) -> None:
    """Each ends as its asker was told and stays so; one in five is not stopped, and is made. No process is lost."""
    before = {part: pids(stack, part) for part in ("service", "worker.slot", "worker.renderer", "valkey")}
    kept: list[str] = []
    stopped: list[tuple[str, str]] = []
    waits: list[float] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for first in range(0, PICTURES, AT_ONCE):
            kept.append(accept(stack, **_spec(PICTURES + first)))
            batch = list(pool.map(lambda number: _stop(stack, number), range(first, first + AT_ONCE)))
            waits += pool.map(lambda one: _ended(stack, *one), batch)
            stopped += batch
    whole(stack, kept)
    for url, told in stopped:
        assert stack.see(url)["status"] == END[told]
        assert stack.http.get(f"{url}/image").status_code == (200 if told == "over" else 404)
    assert {part: pids(stack, part) for part in before} == before
    count = Counter(told for _, told in stopped)
    assert count["cancelled"] and count["cancelling"]
    LOG.info(
        "%d stopped at random moments: %s; ended at most %.2f s later; %d neighbours made",
        PICTURES,
        dict(count),
        max(waits),
        len(kept),
    )
