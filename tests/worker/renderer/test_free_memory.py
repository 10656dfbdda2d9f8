"""How much memory the renderer says it has."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from featurelens.worker.renderer.free_memory import _group, memory_for_jobs


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_less_than_the_machine_has() -> None:
    whole = os.sysconf("SC_PHYS_PAGES") * resource.getpagesize()
    assert 0 < memory_for_jobs(torch.device("cpu")) < whole


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS does not hold elsewhere")
def test_a_limit_of_the_process_counts() -> None:
    code = (
        "import resource, torch; from featurelens.worker.renderer.free_memory import memory_for_jobs;"
        "pages = int(open('/proc/self/statm').read().split()[0]); most = pages * resource.getpagesize() + (64 << 20);"
        "resource.setrlimit(resource.RLIMIT_AS, (most, most)); print(memory_for_jobs(torch.device('cpu')))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert 32 << 20 <= int(said.stdout) <= 48 << 20


def test_a_container_counts(tmp_path: Path) -> None:
    assert _group(tmp_path) is None
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert _group(tmp_path) is None
    (tmp_path / "memory.max").write_text("5000\n")
    assert _group(tmp_path) == 4000
