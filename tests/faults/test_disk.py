"""A disk for the results, or for the queue, that is full or read-only: what is not kept is said, the rest goes on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from featurelens.launcher.claim import free_port
from tests.support.fault_injection import FULL, pids, ready
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


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Its results are on a disk of their own. Not even a look at the free space before a picture is accepted keeps it
    from getting full.
    """
    state = tmp_path_factory.mktemp("disk") / "state"
    with mounted(state / "results", "8m"), Stack(state, free_port(), FEATURELENS_MIN_FREE_BYTES="0") as stack:
        yield stack


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            return


def test_full(stack: Stack) -> None:
    url = str(stack.post(**SHORT).headers["location"])
    stack.finished(url)
    filler = stack.state / "results" / "filler"
    fill(filler)
    lost = str(stack.post(**SHORT, seed=201).headers["location"])
    ended = until(partial(_ended, stack, lost), 60, "an end")
    assert (ended["status"], ended["error"]["code"]) == ("failed", "not-stored")
    assert list((stack.state / "results" / ".aside").iterdir()) == []
    assert stack.http.get(f"{lost}/image").status_code == 404
    assert stack.http.get(f"{url}/image").status_code == 200
    filler.unlink()
    assert stack.post(**SHORT, seed=201).status_code == 202
    stack.finished(lost)


def remount(stack: Stack, how: str) -> None:
    """``ro`` or ``rw``."""
    subprocess.run(["mount", "-o", f"remount,{how}", str(stack.state / "results")], check=True)


def test_read_only(stack: Stack) -> None:
    """Nothing is accepted, what was accepted says why it fails."""
    done = str(stack.post(**SHORT, seed=100).headers["location"])
    stack.finished(done)
    renderer = pids(stack, "worker.renderer")
    lost = [str(stack.post(**SHORT | {"seed": seed, "steps": 150}).headers["location"]) for seed in range(1, 13)]
    stack.running(lost[0])
    remount(stack, "ro")
    refused = stack.post(**SHORT, seed=99)
    assert (refused.status_code, refused.json()["type"]) == (507, "urn:featurelens:problem:store-read-only")
    assert "read-only" in refused.json()["detail"]
    assert int(refused.headers["retry-after"]) > 0
    for url in lost:
        ended = until(partial(_ended, stack, url), 240, "an end")
        assert (ended["status"], ended["error"]["code"]) == ("failed", "not-stored"), ended
        assert "read-only" in ended["error"]["detail"]
    assert stack.http.get(f"{done}/image").status_code == 200
    assert stack.http.get(f"{done}/image?width=64").status_code == 200
    assert pids(stack, "worker.renderer") == renderer
    for log in (stack.state / "logs").glob("*.log"):
        assert "Traceback" not in log.read_text(), log.name
    remount(stack, "rw")
    again = stack.post(**SHORT, seed=99)
    assert again.status_code == 202
    assert stack.post(**SHORT | {"seed": 1, "steps": 150}).status_code == 202
    for url in (lost[0], str(again.headers["location"])):
        stack.finished(url)


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
