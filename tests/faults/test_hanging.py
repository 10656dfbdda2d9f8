"""Parts that stop without ending (SIGSTOP: not even a watchdog of their own runs) are noticed and replaced."""

from __future__ import annotations

import itertools
import signal
import time

import pytest

from tests.faults.conftest import FULL
from tests.support.machine_room import children
from tests.support.stack import Stack, eventually
from tests.support.stack_faults import DETECTED_WITHIN, LOG, LONG, accept, horses, pids, replaced, send, whole

WAITS = pytest.mark.skipif(not FULL, reason="FEATURELENS_FAULTS=full waits that long")
_SEEDS = itertools.count(30_000)


def _running(stack: Stack) -> list[str]:
    urls = [accept(stack, **LONG, seed=next(_SEEDS)) for _ in range(2)]
    for url in urls:
        stack.running(url)
    return urls


def test_the_renderer(stack: Stack) -> None:
    """The launcher misses its heartbeat."""
    urls, before, begun = _running(stack), pids(stack, "worker.renderer"), time.monotonic()
    send(signal.SIGSTOP, before)
    there = replaced(stack, "worker.renderer", before, begun)
    whole(stack, urls)
    LOG.info("hung renderer: another one after %.1f s, 2 made after %.1f s", there, time.monotonic() - begun)


@WAITS
def test_a_slot(stack: Stack) -> None:
    """Its work horse goes on meanwhile; in the end there are as many slots as before."""
    urls, begun = _running(stack), time.monotonic()
    hung = stack.working_slots()[0].pid
    many = len(pids(stack, "worker.slot"))
    send(signal.SIGSTOP, [hung])
    eventually(lambda: _others(stack, hung) == many, DETECTED_WITHIN, "another slot")
    there = time.monotonic() - begun
    whole(stack, urls)
    LOG.info("hung slot: another one after %.1f s, 2 made after %.1f s", there, time.monotonic() - begun)


def _others(stack: Stack, hung: int) -> int:
    return len(pids(stack, "worker.slot") - {hung})


@WAITS
def test_a_work_horse(stack: Stack) -> None:
    """Its slot misses its reports; the neighbour is not touched."""
    urls, begun = _running(stack), time.monotonic()
    slot = stack.working_slots()[0].pid
    (hung,) = children(slot)
    neighbours = horses(stack) - {hung}
    send(signal.SIGSTOP, [hung])
    eventually(lambda: hung not in children(slot), DETECTED_WITHIN, "the work horse killed")
    there = time.monotonic() - begun
    whole(stack, urls)
    assert neighbours
    LOG.info("hung work horse: killed after %.1f s, 2 made after %.1f s", there, time.monotonic() - begun)
