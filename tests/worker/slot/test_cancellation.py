"""Pictures stopped at any moment of their life, the first milliseconds included, while slots work through them."""

from __future__ import annotations

import random
import sys
import time

import pytest

from tests.support.fake_renderer import QUICK, SLOW
from tests.support.worker_harness import WorkerHarness

if sys.platform != "linux":
    pytest.skip("slots are watched in /proc", allow_module_level=True)

PICTURES = 60


def test_at_random_moments(worker: WorkerHarness) -> None:
    """Each ends as its asker was told, no slot is hurt, and the neighbours who were not stopped are all made."""
    chance = random.Random(4)
    worker.start_renderer()
    slots = [worker.start_slot() for _ in range(2)]
    stopped, kept = [], []
    for number in range(PICTURES):
        key = worker.ask(seed=SLOW if number % 3 else QUICK, steps=4)
        if number % 4 == 0:
            kept.append(key)
            continue
        time.sleep(chance.uniform(0, 0.12))
        told = worker.queue.leave(key)
        assert told in {"cancelled", "cancelling", "over"}
        stopped.append((key, told))
    for key in kept:
        worker.await_status(key, "succeeded", 30)
    for key, told in stopped:
        worker.await_status(key, "succeeded" if told == "over" else "cancelled", 30)
        assert (worker.store.get(key) is not None) == (told == "over")
    assert {"cancelled", "cancelling"} <= {told for _, told in stopped}
    assert [slot.poll() for slot in slots] == [None, None]
