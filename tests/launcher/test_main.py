"""``python -m featurelens.launcher`` refuses in one line what it cannot do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_settings_that_make_no_sense_are_one_line(tmp_path: Path) -> None:
    """Not a traceback."""
    answer = subprocess.run(
        (sys.executable, "-m", "featurelens.launcher"),
        env=os.environ | {"FEATURELENS_STATE": str(tmp_path), "PORT": "many"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (answer.returncode, answer.stdout) == (2, "")
    (line,) = answer.stderr.splitlines()
    assert "PORT" in line
