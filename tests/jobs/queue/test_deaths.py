"""Which deaths say nothing about what a process was doing."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from redis import Redis

from featurelens.jobs.queue import deaths
from featurelens.jobs.queue.deaths import GUILTY, INNOCENT, announcement, from_outside, nobodys_fault


@pytest.mark.parametrize(
    ("status", "outside"),
    [
        (0, True),
        (-signal.SIGTERM, True),
        (-signal.SIGHUP, True),
        (-signal.SIGKILL, True),
        (deaths.STRUCK, True),
        (deaths.OUTGROWN, True),
        (os.EX_CANTCREAT, True),
        (1, False),
        (70, False),
        (-signal.SIGSEGV, False),
        (-signal.SIGABRT, False),
    ],
)
def test_by_exit_status(status: int, outside: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deaths, "oom_kills", lambda: 3)
    assert from_outside(status, 3) is outside


@pytest.mark.parametrize(("before", "now"), [(3, 4), (None, None), (None, 3), (3, None)])
def test_killed_by_the_kernel_perhaps(before: int | None, now: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deaths, "oom_kills", lambda: now)
    assert not from_outside(-signal.SIGKILL, before)


def test_told_a_little_later(redis: Redis) -> None:
    assert not nobodys_fault(redis, 7, 0.1)
    for told in (INNOCENT, GUILTY):
        redis.delete(announcement(7))
        later = threading.Timer(0.2, redis.set, (announcement(7), told))
        later.start()
        assert nobodys_fault(redis, 7) == (told == INNOCENT)
        later.join()
