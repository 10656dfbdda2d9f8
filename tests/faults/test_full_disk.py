"""A result store of one megabyte: what finds no room fails honestly, and what is there stays."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from featurelens.launcher.claim import free_port
from tests.support.stack import Stack
from tests.support.stack_pictures import SHORT
from tests.support.wait import until


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """Not even a look at the free space before a picture is accepted keeps it from getting full."""
    results = tmp_path / "state" / "results"
    results.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(results)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a tmpfs is not permitted here")
    monkeypatch.setenv("FEATURELENS_MIN_FREE_BYTES", "0")
    try:
        with Stack(tmp_path / "state", free_port()) as stack:
            yield stack
    finally:
        subprocess.run(["umount", str(results)], check=True)


def test_full(small: Stack) -> None:
    url = str(small.post(**SHORT).headers["location"])
    small.finished(url)
    filler = small.state / "results" / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    lost = str(small.post(**SHORT, seed=1).headers["location"])
    ended = until(lambda: _ended(small, lost), 60, "an end") or {}
    assert (ended["status"], ended["error"]["code"]) == ("failed", "not-stored")
    assert list((small.state / "results" / ".aside").iterdir()) == []
    assert small.http.get(f"{lost}/image").status_code == 404
    assert small.http.get(f"{url}/image").status_code == 200
    filler.unlink()
    assert small.post(**SHORT, seed=1).status_code == 202
    small.finished(lost)


def _ended(stack: Stack, url: str) -> dict[str, Any] | None:
    shown = stack.see(url)
    return shown if shown["status"] in {"failed", "succeeded", "cancelled"} else None
