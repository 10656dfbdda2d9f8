"""Parts that stop without ending (SIGSTOP: not even a watchdog of their own runs) are noticed and replaced."""

from __future__ import annotations

import itertools
import signal
import time

import pytest

from tests.support.fault_injection import DETECTED_WITHIN, FULL, LOG, horses, pids, replaced, send
from tests.support.processes import children
from tests.support.stack import Stack
from tests.support.stack_pictures import LONG, accept, whole
from tests.support.wait import until

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


@pytest.mark.parametrize("number", [signal.SIGKILL] if not FULL else [signal.SIGKILL, signal.SIGSTOP])
def test_the_cataloguer(stack: Stack, number: signal.Signals) -> None:
    """Nobody notices but who asks for a network for the first time, and who does gets it from the next one."""
    before, begun = pids(stack, "worker.cataloguer"), time.monotonic()
    send(number, before)
    there = replaced(stack, "worker.cataloguer", before, begun)
    name = {signal.SIGKILL: "resnet18", signal.SIGSTOP: "resnet34"}[number]
    until(lambda: stack.http.get(f"/v1/models/{name}/layers").status_code == 200, 30, "described")
    LOG.info("%s to the cataloguer: another one after %.1f s", number.name, there)


@WAITS
def test_a_slot(stack: Stack) -> None:
    """Its work horse goes on meanwhile; in the end there are as many slots as before."""
    urls, begun = _running(stack), time.monotonic()
    hung = stack.working_slots()[0].pid
    many = len(pids(stack, "worker.slot"))
    send(signal.SIGSTOP, [hung])
    until(lambda: _others(stack, hung) == many, DETECTED_WITHIN, "another slot")
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
    until(lambda: hung not in children(slot), DETECTED_WITHIN, "the work horse killed")
    there = time.monotonic() - begun
    whole(stack, urls)
    assert neighbours
    LOG.info("hung work horse: killed after %.1f s, 2 made after %.1f s", there, time.monotonic() - begun)
