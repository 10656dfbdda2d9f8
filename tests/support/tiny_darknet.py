"""Tiny Darknet, the example of an own network, with its real weights where they are at hand (FEATURELENS_SHARED)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.paths import ROOT

SHARED = Path(os.environ.get("FEATURELENS_SHARED", ROOT.parent / "shared"))
_WEIGHTS = SHARED / "models" / "tiny_darknet" / "tiny_darknet.safetensors"

needs_weights = pytest.mark.skipif(not _WEIGHTS.exists(), reason=f"Tiny Darknet's weights are not in {SHARED}")


def link(models: Path) -> None:
    """Puts it into a folder of own networks."""
    folder = models / "tiny_darknet"
    folder.mkdir(parents=True)
    files = {path.name: path for path in (ROOT / "examples" / "tiny_darknet").iterdir()}
    files |= {"model.safetensors": _WEIGHTS, "labels.txt": _WEIGHTS.parent / "labels.txt"}
    for name, path in files.items():
        (folder / name).symlink_to(path)
