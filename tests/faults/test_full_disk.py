"""A disk of one megabyte for the results, or for the queue: what finds no room is said, and what is there stays."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from featurelens.launcher.claim import free_port
from tests.support.fault_injection import FULL, ready
from tests.support.stack import Stack
from tests.support.stack_pictures import LONG, SHORT, accept, cached
from tests.support.wait import until
from tests.support.witness import Witness, all_made


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[None]:
    """A tmpfs on the folder, for a block in which it is used."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a tmpfs is not permitted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """Not even a look at the free space before a picture is accepted keeps it from getting full."""
    monkeypatch.setenv("FEATURELENS_MIN_FREE_BYTES", "0")
    with mounted(tmp_path / "state" / "results", "1m"), Stack(tmp_path / "state", free_port()) as stack:
        yield stack


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            return


def test_full(small: Stack) -> None:
    url = str(small.post(**SHORT).headers["location"])
    small.finished(url)
    filler = small.state / "results" / "filler"
    fill(filler)
    lost = str(small.post(**SHORT, seed=1).headers["location"])
    ended = until(lambda: _ended(small, lost), 60, "an end") or {}
    assert (ended["status"], ended["error"]["code"]) == ("failed", "not-stored")
    assert list((small.state / "results" / ".aside").iterdir()) == []
    assert small.http.get(f"{lost}/image").status_code == 404
    assert small.http.get(f"{url}/image").status_code == 200
    filler.unlink()
    assert small.post(**SHORT, seed=1).status_code == 202
    small.finished(lost)


@pytest.mark.skipif(not FULL, reason="FEATURELENS_FAULTS=full waits that long")
def test_no_room_for_the_queue(tmp_path: Path) -> None:
    """Valkey takes nothing new, its data stay; what was accepted is made once there is room."""
    with mounted(tmp_path / "state" / "valkey", "8m"), Stack(tmp_path / "state", free_port()) as stack:
        image, urls = cached(stack), [accept(stack, **LONG, seed=number) for number in range(3)]
        witness = Witness(stack.http)
        witness.accepted(urls)
        filler = stack.state / "valkey" / "filler"
        fill(filler)
        try:
            until(lambda: not ready(stack), 30, "noticed")
            assert stack.http.get(image).status_code == 200
            refused = stack.post(**SHORT, seed=99)
            assert refused.status_code == 503
            assert "its memory or disk is full" in refused.json()["detail"]
            witness.look()
        finally:
            filler.unlink()
        until(lambda: ready(stack), 40, "ready again")
        all_made(witness, 120)


def _ended(stack: Stack, url: str) -> dict[str, Any] | None:
    shown = stack.see(url)
    return shown if shown["status"] in {"failed", "succeeded", "cancelled"} else None
