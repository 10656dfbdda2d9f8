"""What vanishes or stands still is noticed within a minute, and made good by nobody's help."""

from __future__ import annotations

import itertools
import shutil
import signal
import time
from pathlib import Path

import pytest

from featurelens.launcher.claim import free_port
from tests.support.fault_injection import DETECTED_WITHIN, FULL, LOG, pids, ready, replaced, send
from tests.support.stack import Stack
from tests.support.stack_pictures import LONG, SHORT, accept, cached, whole
from tests.support.wait import until
from tests.support.witness import Witness, all_made

MIDDLE = LONG | {"steps": 100}
_SEEDS = itertools.count(80_000)


def test_the_socket_of_the_renderer(stack: Stack) -> None:
    """It is made again by the same renderer; what is under way goes on."""
    urls = [accept(stack, **MIDDLE, seed=next(_SEEDS)) for _ in range(3)]
    stack.running(urls[0])
    before, begun = pids(stack, "worker.renderer"), time.monotonic()
    socket = stack.state / "renderer.sock"
    socket.unlink()
    until(socket.exists, 10, "the socket again")
    there = time.monotonic() - begun
    whole(stack, urls)
    assert pids(stack, "worker.renderer") == before
    LOG.info("socket removed: there again after %.1f s, 3 made after %.1f s", there, time.monotonic() - begun)


@pytest.mark.skipif(not FULL, reason="FEATURELENS_FAULTS=full waits that long")
@pytest.mark.parametrize("part", ["service", "valkey"])
def test_stopped_for_good(stack: Stack, part: str) -> None:
    """Nobody lets it go on."""
    urls = [accept(stack, **MIDDLE, seed=next(_SEEDS)) for _ in range(3)]
    witness = Witness(stack.http)
    witness.accepted(urls)
    stack.running(urls[0])
    before, begun = pids(stack, part), time.monotonic()
    send(signal.SIGSTOP, before)
    there = replaced(stack, part, before, begun)
    all_made(witness, 120)
    LOG.info("%s stopped: another one after %.1f s, all made after %.1f s", part, there, time.monotonic() - begun)


def test_the_state_folder(tmp_path: Path) -> None:
    """What was in it is gone; everything starts anew in the same place, under the same launcher.

    It lies too deep for the address of a socket, which is in it all the same.
    """
    state = tmp_path / "/".join(["a folder in a folder"] * 6)
    with Stack(state, free_port()) as stack:
        assert (state / "renderer.sock").is_socket()
        image = cached(stack)
        parts = ("service", "worker.renderer", "worker.slot", "valkey")
        before = set().union(*(pids(stack, part) for part in parts))
        begun = time.monotonic()
        shutil.rmtree(tmp_path / "a folder in a folder", ignore_errors=True)
        until(lambda: not before & set().union(*(pids(stack, part) for part in parts)), DETECTED_WITHIN, "others")
        until(lambda: ready(stack), DETECTED_WITHIN, "ready again")
        LOG.info("state folder removed: ready again after %.1f s", time.monotonic() - begun)
        assert any("has been removed" in line for line in stack.printed)
        assert stack.http.get(image).status_code == 404
        stack.finished(accept(stack, **SHORT))
        assert stack.launcher.poll() is None
