"""Code that ends, hangs or breaks what runs it does so in a process apart, and the reason is told."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from featurelens.jobs.errors import ModelLoadFailed
from featurelens.jobs.settings import Settings
from featurelens.worker.models.registry import Registry
from featurelens.worker.models.trial import describe_apart
from tests.support.local_network import CODE, MANIFEST, digits, write

FORWARD = """
import os
from torch import nn

class Net(nn.Sequential):
    def forward(self, x):
        {}
        return super().forward(x)

def build():
    return Net(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 26 * 26, 10))
"""
ENDING = {
    "exit-at-import": ("import os\nos._exit(0)\n", "ended the process that tried it, with exit code 0"),
    "crash-at-import": ("import os\nos.abort()\n", "by SIGABRT"),
    "system-exit-at-import": ("raise SystemExit(3)\n", "SystemExit: 3"),
    "system-exit-in-forward": (FORWARD.format("raise SystemExit(4)"), "SystemExit: 4"),
    "exit-in-forward": (FORWARD.format("os._exit(7)"), "with exit code 7"),
}


def settings(folder: Path) -> Settings:
    return Settings(state=folder / "state", models=folder / "own")


@pytest.mark.parametrize("name", list(ENDING))
def test_code_that_ends_its_process(name: str, tmp_path: Path) -> None:
    code, reason = ENDING[name]
    write(tmp_path / "own" / name, MANIFEST, digits(), code)
    with pytest.raises(ModelLoadFailed, match=reason):
        Registry(settings(tmp_path)).load(name)


def test_code_that_never_ends_is_ended(tmp_path: Path) -> None:
    code = f"import os, time\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\nwhile True: time.sleep(1)\n"
    write(tmp_path / "own" / "slow", MANIFEST, digits(), code)
    (entry,) = (entry for entry in Registry(settings(tmp_path)).entries() if "slow" in entry.aliases)
    begun = time.monotonic()
    # Long enough for the code to be reached on a busy machine, where torch takes seconds to import.
    with pytest.raises(ModelLoadFailed, match="not built and run within 15 seconds"):
        describe_apart(settings(tmp_path), entry.name, entry.digest, seconds=15)
    assert time.monotonic() - begun < 25
    pid = (tmp_path / "pid").read_text()
    assert not (Path("/proc") / pid).exists()


def test_what_is_described_apart_is_what_is_described_here_and_kept(tmp_path: Path) -> None:
    write(tmp_path / "own" / "digits", MANIFEST, digits(), f"print('hello')\n{CODE}")
    registry = Registry(settings(tmp_path))
    apart = registry.description("digits")
    assert apart == Registry(Settings(state=tmp_path / "other", models=tmp_path / "own"), apart=False).description(
        "digits"
    )
    begun = time.monotonic()
    assert registry.description("digits") == apart
    assert time.monotonic() - begun < 1


def test_another_network_than_was_asked_for_is_not_described(tmp_path: Path) -> None:
    write(tmp_path / "own" / "digits", MANIFEST, digits())
    name = next(entry.name for entry in Registry(settings(tmp_path)).entries() if "digits" in entry.aliases)
    with pytest.raises(ModelLoadFailed, match="have changed"):
        describe_apart(settings(tmp_path), name, "sha256:" + "0" * 64)
