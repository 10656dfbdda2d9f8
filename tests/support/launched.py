"""Launchers that end by themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from featurelens.launcher.claim import free_port
from tests.support.paths import ROOT


def launched(state: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """What comes of one with this state folder."""
    environment = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    return subprocess.run(
        (sys.executable, "-m", "featurelens.launcher", *arguments),
        env=environment | {"FEATURELENS_STATE": str(state), "PORT": str(free_port())} | settings,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
