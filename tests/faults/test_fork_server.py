"""The fork server of the slots is killed, alone and with them, and hangs: it costs no picture anything."""

from __future__ import annotations

import itertools
import json
import signal
import time

import pytest

from tests.support.fault_injection import DETECTED_WITHIN, FULL, LOG, pids, ready, replaced, send
from tests.support.stack import Stack
from tests.support.stack_pictures import LONG, SHORT, accept, whole
from tests.support.wait import until

SERVER, SLOT = "worker.slot.fork_server", "worker.slot"
_SEEDS = itertools.count(95_000)


def _running(stack: Stack) -> list[str]:
    urls = [accept(stack, **LONG | {"steps": 100}, seed=next(_SEEDS)) for _ in range(2)]
    for url in urls:
        stack.running(url)
    return urls


def _times_started(stack: Stack, url: str) -> int:
    lines = (stack.state / "logs" / "slots.log").read_text().splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    return sum(one["event"] == "started" and one["key"] == url.rsplit("/", 1)[1] for one in told)


WAITS = pytest.mark.skipif(not FULL, reason="FEATURELENS_FAULTS=full waits that long")


def test_killed_in_the_middle_of_pictures(stack: Stack) -> None:
    """Each is made, once, by the slots that there were."""
    urls, slots, before, begun = _running(stack), pids(stack, SLOT), pids(stack, SERVER), time.monotonic()
    send(signal.SIGKILL, before)
    there = replaced(stack, SERVER, before, begun)
    whole(stack, urls)
    assert pids(stack, SLOT) == slots
    assert [_times_started(stack, url) for url in urls] == [1, 1]
    LOG.info("fork server killed: another one after %.1f s", there)


def test_killed_with_all_its_slots(stack: Stack) -> None:
    urls, slots, before, begun = _running(stack), pids(stack, SLOT), pids(stack, SERVER), time.monotonic()
    send(signal.SIGKILL, before | slots)
    replaced(stack, SERVER, before, begun)
    there = replaced(stack, SLOT, slots, begun)
    whole(stack, urls)
    LOG.info("fork server and slots killed: others after %.1f s, made after %.1f s", there, time.monotonic() - begun)


@WAITS
def test_each_slot_is_killed_alone(stack: Stack) -> None:
    """The others are not touched."""
    for slot in pids(stack, SLOT):
        before, begun = pids(stack, SLOT), time.monotonic()
        send(signal.SIGKILL, [slot])

        def another(slot: int = slot, before: set[int] = before) -> bool:
            now = pids(stack, SLOT)
            return len(now) == len(before) and slot not in now

        until(another, DETECTED_WITHIN, "another slot")
        LOG.info("slot killed: another one after %.1f s", time.monotonic() - begun)
        assert before - {slot} < pids(stack, SLOT)
    stack.finished(accept(stack, **SHORT, seed=next(_SEEDS)))


@WAITS
def test_it_hangs(stack: Stack) -> None:
    """A slot that ends meanwhile is there again, and the pictures are made."""
    urls, before, begun = _running(stack), pids(stack, SERVER), time.monotonic()
    slot = stack.working_slots()[0].pid
    slots = pids(stack, SLOT)
    send(signal.SIGSTOP, before)
    send(signal.SIGKILL, [slot])
    until(lambda: len(pids(stack, SLOT) - {slot}) == len(slots), DETECTED_WITHIN, "another slot")
    back = time.monotonic() - begun
    there = replaced(stack, SERVER, before, begun)
    whole(stack, urls)
    until(lambda: ready(stack), 20, "ready")
    LOG.info("hung fork server: a killed slot is back after %.1f s, another server after %.1f s", back, there)
