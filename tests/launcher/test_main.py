"""``python -m featurelens.launcher`` refuses in one line what it cannot do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from featurelens.launcher.claim import free_port
from featurelens.launcher.valkey import embedded
from tests.support.paths import ROOT


@pytest.mark.parametrize("arguments", [("worker",), ("service",)])
def test_parts_alone_need_a_queue_to_share(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """One line, nothing started."""
    environment = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    answer = subprocess.run(
        (sys.executable, "-m", "featurelens.launcher", *arguments),
        env=environment | {"FEATURELENS_STATE": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "needs REDIS_URL" in answer.stderr


def run(state: Path, module: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What comes of starting `module`."""
    return subprocess.run(
        (sys.executable, "-m", f"featurelens.{module}"),
        env=os.environ | {"FEATURELENS_STATE": str(state)} | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "many"), ("REDIS_URL", "nonsense-s3cret"), ("REDIS_URL", "redis://:s3cret@x:port/0")]
)
@pytest.mark.parametrize("module", ["launcher", "service", "worker.slot", "worker.renderer"])
def test_settings_that_make_no_sense_are_one_line(tmp_path: Path, module: str, name: str, value: str) -> None:
    """Not a traceback, and without what may be a password."""
    answer = run(tmp_path, module, **{name: value})
    assert (answer.returncode, answer.stdout) == (2 if module == "launcher" else 1, "")
    (line,) = answer.stderr.splitlines()
    assert name in line
    assert "s3cret" not in line


def test_a_wrong_password_is_told_as_such(tmp_path: Path) -> None:
    """At once: it does not get right by waiting."""
    server = embedded(tmp_path / "broker", None)
    with subprocess.Popen(server.role.command, stdout=subprocess.DEVNULL) as process:
        try:
            url = re.sub(":[0-9a-f]+@", ":wrong@", server.url)
            begun = time.monotonic()
            answer = run(tmp_path, "launcher", REDIS_URL=url, PORT=str(free_port()))
            assert time.monotonic() - begun < 10
        finally:
            process.terminate()
    assert answer.returncode == 1
    (line,) = answer.stderr.splitlines()
    assert "REDIS_URL" in line
    assert "password" in line
    assert "wrong" not in line
