"""A result store that becomes read-only: nothing is accepted, what was accepted says why it fails, nothing restarts."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from featurelens.launcher.claim import free_port
from tests.support.fault_injection import pids
from tests.support.stack import Stack
from tests.support.stack_pictures import SHORT
from tests.support.wait import until


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[tuple[Stack, Callable[[str], None]]]:
    """The stack, and what mounts its results anew: ``ro`` or ``rw``."""
    results = tmp_path / "state" / "results"
    results.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=128m", "tmpfs", str(results)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a tmpfs is not permitted here")

    def remount(how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(results)], check=True)

    try:
        with Stack(tmp_path / "state", free_port()) as stack:
            yield stack, remount
    finally:
        subprocess.run(["umount", str(results)], check=True)


def test_read_only(mounted: tuple[Stack, Callable[[str], None]]) -> None:
    stack, remount = mounted
    done = str(stack.post(**SHORT).headers["location"])
    stack.finished(done)
    renderer = pids(stack, "worker.renderer")
    lost = [str(stack.post(**SHORT | {"seed": seed, "steps": 400}).headers["location"]) for seed in range(1, 13)]
    stack.running(lost[0])
    remount("ro")
    refused = stack.post(**SHORT, seed=99)
    assert (refused.status_code, refused.json()["type"]) == (507, "urn:featurelens:problem:store-read-only")
    assert "read-only" in refused.json()["detail"]
    assert int(refused.headers["retry-after"]) > 0
    for url in lost:
        ended = until(partial(_ended, stack, url), 90, "an end")
        assert (ended["status"], ended["error"]["code"]) == ("failed", "not-stored"), ended
        assert "read-only" in ended["error"]["detail"]
    assert stack.http.get(f"{done}/image").status_code == 200
    assert stack.http.get(f"{done}/image?width=64").status_code == 200
    assert pids(stack, "worker.renderer") == renderer
    for log in (stack.state / "logs").glob("*.log"):
        assert "Traceback" not in log.read_text(), log.name
    remount("rw")
    assert stack.post(**SHORT, seed=99).status_code == 202
    assert stack.post(**SHORT | {"seed": 1, "steps": 400}).status_code == 202
    stack.finished(lost[0])


def _ended(stack: Stack, url: str) -> dict[str, Any] | None:
    shown = stack.see(url)
    return shown if shown["status"] in {"failed", "succeeded", "cancelled"} else None
