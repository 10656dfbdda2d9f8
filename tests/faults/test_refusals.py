"""A broker that takes no writes, a renderer that cannot start: the rest goes on, and recovery needs nobody."""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from redis import Redis

from featurelens.launcher.claim import free_port
from tests.support.fault_injection import FULL, LOG, pids, ready, send
from tests.support.stack import Stack
from tests.support.stack_pictures import LONG, SHORT, accept, cached
from tests.support.wait import until
from tests.support.witness import Witness, all_made

REFUSED_FOR = 60 if FULL else 8
"""Seconds. After 23 everything had ended."""

KILLS = 5 if FULL else 4

MIDDLE = LONG | {"steps": 100}
_SEEDS = itertools.count(70_000)


@contextmanager
def full(redis: Redis) -> Iterator[None]:
    """Its memory."""
    redis.config_set("maxmemory", "1mb")
    try:
        yield
    finally:
        redis.config_set("maxmemory", "0")


@contextmanager
def replica(redis: Redis) -> Iterator[None]:
    """Of a server that is not there."""
    redis.replicaof("127.0.0.1", free_port())
    try:
        yield
    finally:
        redis.replicaof("NO", "ONE")


@contextmanager
def unsafe(redis: Redis) -> Iterator[None]:
    """As with a disk that is full: it wants more replicas than there are before it takes anything."""
    redis.config_set("min-replicas-to-write", "1")
    try:
        yield
    finally:
        redis.config_set("min-replicas-to-write", "0")


@pytest.mark.parametrize("refusing", [full, replica, unsafe] if FULL else [full])
def test_the_broker_takes_no_writes(stack: Stack, refusing: Callable[[Redis], Any]) -> None:
    """What is finished is served, the rest is 503 with a reason, no process ends, and what was accepted is made."""
    image = cached(stack)
    urls = [accept(stack, **MIDDLE, seed=next(_SEEDS)) for _ in range(3)]
    witness = Witness(stack.http)
    witness.accepted(urls)
    stack.running(urls[0])
    parts = ("service", "worker.slot", "worker.renderer", "valkey")
    before = {part: pids(stack, part) for part in parts}
    with stack.redis() as redis, refusing(redis):
        end = time.monotonic() + REFUSED_FOR
        while time.monotonic() < end:
            assert stack.http.get(image).status_code == 200
            answer = stack.http.get("/readyz")
            assert (answer.status_code, problem(answer)) == (503, "broker-unavailable")
            witness.look()
            time.sleep(0.5)
        refused = stack.post(**SHORT, seed=next(_SEEDS))
        assert (refused.status_code, problem(refused)) == (503, "broker-unavailable")
        assert "takes nothing new" in refused.json()["detail"]
    begun = time.monotonic()
    until(lambda: ready(stack), 40, "ready again")
    there = time.monotonic() - begun
    all_made(witness, 120)
    assert {part: pids(stack, part) for part in parts} == before
    LOG.info("%s: ready after %.1f s, all made after %.1f s", refusing.__name__, there, time.monotonic() - begun)


def test_the_renderer_cannot_start(stack: Stack) -> None:
    """A folder is where its socket should be: the launcher says so, again and again, and needs no help afterwards."""
    image = cached(stack)
    urls = [accept(stack, **MIDDLE, seed=next(_SEEDS)) for _ in range(2)]
    witness = Witness(stack.http)
    witness.accepted(urls)
    stack.running(urls[0])
    socket = stack.state / "renderer.sock"
    before = pids(stack, "worker.renderer")
    socket.unlink()
    socket.mkdir()
    try:
        until(lambda: _said(stack, "there is a folder") >= (6 if FULL else 2), 90, "said")
        assert stack.launcher.poll() is None
        assert stack.http.get(image).status_code == 200
        answer = stack.post(**SHORT, seed=next(_SEEDS))
        assert (answer.status_code, problem(answer)) == (503, "no-worker")
        assert not before & pids(stack, "worker.renderer")
    finally:
        socket.rmdir()
    begun = time.monotonic()
    until(lambda: ready(stack), 60, "ready again")
    all_made(witness, 120)
    LOG.info("the way free again: all made after %.1f s", time.monotonic() - begun)


def problem(answer: httpx.Response) -> str:
    """The code of a refusal."""
    return str(answer.json()["type"]).rpartition(":")[2]


def _said(stack: Stack, what: str) -> int:
    return sum(what in line for line in stack.printed)


def _at_work(stack: Stack, former: Collection[str | None]) -> str | None:
    """When the renderer has started that advances pictures, if it is none of the `former` ones."""
    renderer = stack.see("/v1/status")["renderer"] or {"started": None}
    return None if renderer["started"] in former or not renderer["pictures"] else str(renderer["started"])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT] if FULL else [signal.SIGSEGV])
def test_the_renderer_is_killed_again_and_again(stack: Stack, number: signal.Signals) -> None:
    """More often than a picture may be executed, for reasons that are not the pictures': none of them is given up."""
    # Two alone are made faster than ten, and a renderer tells only now and then what it is at.
    pictures = MIDDLE if FULL else LONG | {"steps": 400}
    urls = [accept(stack, **pictures, seed=next(_SEEDS)) for _ in range(10 if FULL else 2)]
    witness = Witness(stack.http)
    witness.accepted(urls)
    begun = time.monotonic()
    former: list[str | None] = [None]
    for _ in range(KILLS):
        former.append(until(lambda: _at_work(stack, former), 120, "another renderer at work"))
        send(number, pids(stack, "worker.renderer"))
        witness.look()
    killed = time.monotonic() - begun
    all_made(witness, 1200 if FULL else 240)
    LOG.info(
        "%s %d times in %.0f s: %d made after %.1f s", number.name, KILLS, killed, len(urls), time.monotonic() - begun
    )
