"""An operator's own network: a small one for digits, and its folder."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.torch import save_file
from torch import nn

from featurelens.worker.models.sources.local import Local

CODE = """
from torch import nn

def build(width=4):
    return nn.Sequential(nn.Conv2d(1, width, 3), nn.ReLU(), nn.Flatten(), nn.Linear(width * 26 * 26, 10))
"""
MANIFEST: dict[str, object] = {
    "factory": "model.py:build",
    "channels": 1,
    "input_size": 28,
    "fixed_size": True,
    "mean": [0.13],
    "std": [0.3],
}


def digits() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 26 * 26, 10))


def write(folder: Path, manifest: dict[str, object], module: nn.Module, code: str = CODE) -> Local:
    """A network in `folder`, and the source that holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.json").write_text(json.dumps(manifest))
    (folder / "model.py").write_text(code)
    save_file(module.state_dict(), folder / "model.safetensors")
    return Local(folder.parent)
