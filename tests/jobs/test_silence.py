"""Silence is counted in looks: no clock of others, and no time that the observer has slept through."""

from __future__ import annotations

import time

import pytest

from featurelens.jobs.silence import Silence


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Its first entry is the monotonic time."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_looks_add_up(clock: list[float]) -> None:
    silence = Silence(5)
    heard = []
    for sign in ("a", "a", "a", "b", "b"):
        heard.append(silence.seconds(sign))
        clock[0] += 4
    assert heard == [0, 4, 8, 0, 4]


def test_who_sleeps_hears_nothing(clock: list[float]) -> None:
    """A look after five minutes counts for one pace."""
    silence = Silence(5)
    silence.seconds("a")
    clock[0] += 300
    assert silence.seconds("a") == 5


def test_no_sign_at_all_is_a_sign(clock: list[float]) -> None:
    """As of a lease about which nothing is known."""
    silence = Silence(5)
    silence.seconds(None)
    clock[0] += 3
    assert silence.seconds(None) == 3
