"""Every part is killed at every stage of a picture's life; every picture ends, and every image is whole."""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import httpx
import pytest

from tests.support.fault_injection import LOG, freeze, horses, pids, replaced, send
from tests.support.processes import children
from tests.support.stack import Stack
from tests.support.stack_pictures import LONG, SHORT, accept, whole
from tests.support.wait import until

_SEEDS = itertools.count(20_000)
_TRIES = 20
_MANY_FILES = {"steps": 17, "snapshots": list(range(16))}
"""A picture that takes some time to store."""
_WRITTEN_DOWN = 1.2
"""Seconds after which Valkey has what it was told on the disk: a crash may cost it the last one."""


@contextmanager
def starting(stack: Stack) -> Iterator[list[str]]:
    """Slots have taken the first two and ask a renderer that says nothing; the other two are queued behind them."""
    (renderer,) = pids(stack, "worker.renderer")
    send(signal.SIGSTOP, [renderer])
    try:
        urls = [accept(stack, **SHORT, seed=next(_SEEDS)) for _ in range(4)]
        until(lambda: [stack.see(url)["status"] for url in urls] == ["running"] * 2 + ["queued"] * 2, 20, "taken")
        yield urls
    finally:
        with suppress(ProcessLookupError):
            send(signal.SIGCONT, [renderer])


@contextmanager
def optimizing(stack: Stack) -> Iterator[list[str]]:
    """Two are in the lane."""
    urls = [accept(stack, **LONG | {"steps": 100}, seed=next(_SEEDS)) for _ in range(2)]
    for url in urls:
        stack.running(url)
    yield urls


def _stage(stack: Stack, url: str) -> str | None:
    """What is being done for a picture; None once it has ended."""
    progress = stack.see(url)["progress"]
    return None if progress is None else str(progress["stage"])


@contextmanager
def storing(stack: Stack) -> Iterator[list[str]]:
    """A work horse stands still between its first write to the store and the rename that publishes."""
    results = stack.state / "results"
    aside = results / ".aside"
    for _ in range(_TRIES):
        # The horse of an earlier picture, still on its way out, would be stopped in the place of this one's.
        until(lambda: not horses(stack), 20, "idle slots")
        slots = pids(stack, "worker.slot")
        url = accept(stack, **SHORT | _MANY_FILES, seed=next(_SEEDS))
        key = url.rsplit("/", 1)[1]
        published = results / key[4:6] / key
        while not any(aside.glob(f"{key}.*")) and not published.exists():
            pass
        # Now, not before: another's attempt may have begun first. By the slots: the whole of /proc takes too long.
        stopped = {horse for slot in slots for horse in children(slot)}
        with suppress(ProcessLookupError):
            freeze(stopped)
        if not published.exists() and _stage(stack, url) == "storing":
            break
        with suppress(ProcessLookupError):
            send(signal.SIGCONT, stopped)
    else:
        raise AssertionError(f"no picture was caught while it was stored, in {_TRIES} tries")
    try:
        yield [url]
    finally:
        with suppress(ProcessLookupError):
            send(signal.SIGCONT, stopped)


@contextmanager
def finished(stack: Stack) -> Iterator[list[str]]:
    """A moment ago."""
    url = accept(stack, **SHORT, seed=next(_SEEDS))
    until(lambda: stack.see(url)["status"] == "succeeded", 60, "finished", every=0.005)
    yield [url]


Stage = Callable[[Stack], AbstractContextManager[list[str]]]


@pytest.fixture(autouse=True)
def _store(stack: Stack) -> None:
    """There has been a first picture."""
    stack.finished(stack.post(**SHORT).headers["location"])


@pytest.mark.parametrize("stage", [starting, optimizing, storing, finished])
@pytest.mark.parametrize("victim", ["service", "worker.slot", "worker.renderer", "valkey"])
def test_killed(stack: Stack, stage: Stage, victim: str) -> None:
    with stage(stack) as urls:
        if victim == "valkey" and stage is not finished:
            time.sleep(_WRITTEN_DOWN)
        before, begun = pids(stack, victim), time.monotonic()
        send(signal.SIGKILL, before)
    there = replaced(stack, victim, before, begun)
    whole(stack, urls)
    LOG.info(
        "%s, %s killed: another one after %.1f s, %d made after %.1f s",
        stage.__name__,
        victim,
        there,
        len(urls),
        time.monotonic() - begun,
    )


def test_the_horse_is_killed_while_it_stores(stack: Stack) -> None:
    """What it had written so far is never served."""
    with storing(stack) as (url,):
        assert stack.http.get(f"{url}/image").status_code == 404
        send(signal.SIGKILL, horses(stack))
    whole(stack, [url])


def test_all_are_asked_to_leave_under_load(stack: Stack) -> None:
    """Service, slots and renderer at once; whoever looks meanwhile sees no picture fail."""
    urls = [accept(stack, **LONG | {"steps": 300}, seed=next(_SEEDS)) for _ in range(4)]
    stack.running(urls[0])
    for part in ("service", "worker.slot", "worker.renderer"):
        send(signal.SIGTERM, pids(stack, part))
    seen: set[str] = set()

    def all_made() -> bool:
        with suppress(httpx.TransportError):
            statuses = [stack.http.get(url).json()["status"] for url in urls]
            seen.update(statuses)
            return set(statuses) == {"succeeded"}
        return False

    until(all_made, 90, "all made")
    assert seen <= {"queued", "running", "succeeded"}
    whole(stack, urls)
