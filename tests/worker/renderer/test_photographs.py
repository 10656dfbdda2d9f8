"""Photographs are read beside the loop, once, and kept within bounds."""

from __future__ import annotations

import threading

import pytest

from featurelens.jobs.errors import StoreUnavailable, UnknownPhoto
from featurelens.jobs.store.photos import Photos
from featurelens.worker.renderer import photographs
from featurelens.worker.renderer.photographs import BeingRead, Photographs
from tests.support.wait import until


class Slow(Photos):
    """Photographs on a disk that takes its time; `gone` are not there."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked: list[str] = []
        self.trouble: Exception | None = None

    def get(self, digest: str, pointer: str = "") -> bytes:
        """Its name, a hundred times."""
        self.asked.append(digest)
        self.go.wait(20)
        if self.trouble is not None:
            raise self.trouble
        return 100 * digest.encode()


def got(reads: Photographs, digest: str) -> bytes:
    """Asks until it is there."""
    found: list[bytes] = []

    def look() -> bool:
        try:
            found.append(reads.get(digest))
        except BeingRead:
            return False
        return True

    until(look)
    return found[0]


def test_nobody_waits_while_one_is_read() -> None:
    slow, told = Slow(), threading.Event()
    reads = Photographs(slow, told.set)
    for _ in range(3):
        with pytest.raises(BeingRead):
            reads.get("a")
    assert not told.is_set()
    slow.go.set()
    assert told.wait(20)
    assert got(reads, "a") == 100 * b"a"
    assert got(reads, "a") == 100 * b"a"
    assert slow.asked == ["a"]
    reads.close()


def test_what_cannot_be_read_is_said_once_and_tried_again() -> None:
    slow = Slow()
    slow.go.set()
    reads = Photographs(slow, lambda: None)
    slow.trouble = UnknownPhoto("there is none")
    with pytest.raises(UnknownPhoto):
        got(reads, "a")
    slow.trouble = None
    assert got(reads, "a") == 100 * b"a"
    assert slow.asked == ["a", "a"]
    reads.close()


def test_a_silent_store_is_asked_again_for_as_long_as_somebody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photographs, "PAUSE", 0.0)
    slow, told = Slow(), threading.Event()
    slow.go.set()
    slow.trouble = StoreUnavailable("away")
    reads = Photographs(slow, told.set)

    def asked_again() -> bool:
        with pytest.raises(BeingRead):
            reads.get("a")
        return len(slow.asked) > 3

    until(asked_again)
    until(told.is_set)
    slow.trouble = None
    assert got(reads, "a") == 100 * b"a"
    asked = len(slow.asked)
    assert got(reads, "a") == 100 * b"a"
    assert len(slow.asked) == asked
    reads.close()


def test_those_unused_for_longest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photographs, "KEPT_BYTES", 250)
    slow = Slow()
    slow.go.set()
    reads = Photographs(slow, lambda: None)
    for digest in ("a", "b", "a", "c", "a"):
        got(reads, digest)
    assert slow.asked == ["a", "b", "c"]
    got(reads, "b")
    assert slow.asked == ["a", "b", "c", "b"]
    reads.close()
