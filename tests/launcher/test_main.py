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
from tests.support.bucket import BUCKET, CREDENTIALS, BucketServer
from tests.support.launched import launched
from tests.support.paths import ROOT


@pytest.mark.parametrize("arguments", [("worker",), ("service",)])
def test_parts_alone_need_a_queue_to_share(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """One line, nothing started."""
    answer = launched(tmp_path, *arguments)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "needs REDIS_URL" in answer.stderr


def test_a_bucket_that_is_looked_for(tmp_path: Path) -> None:
    with BucketServer() as server:
        named = {"FEATURELENS_RESULTS": f"s3://{BUCKET}/x", "FEATURELENS_RESULTS_ENDPOINT": server.endpoint}
        status, said = _checked(**CREDENTIALS, **named)
        assert (status, said.partition(" ")[0]) == (0, "store")
        assert _checked(**CREDENTIALS, **named) == (0, said)
    silent, said = _checked(**CREDENTIALS, **named)
    assert silent == 4, "no reason to refuse: it may yet answer"
    assert "does not answer" in said


def _checked(**settings: str) -> tuple[int, str]:
    command = (sys.executable, "-m", "featurelens.jobs.store.check")
    done = subprocess.run(
        command, env=os.environ | settings, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout


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


NONSENSE = [("PORT", "many"), ("REDIS_URL", "nonsense-s3cret"), ("REDIS_URL", "redis://:s3cret@x:port/0")]
MODULES = ["launcher", "service", "worker.slot"]
SLOW_MODULES = ["worker.renderer", "worker.cataloguer"]


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [(module, *one) for module in MODULES for one in NONSENSE] + [(module, *NONSENSE[2]) for module in SLOW_MODULES],
)
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
