"""Networks of the operator's own for tests of the pages: a layer of 4,096 units, and a small transformer."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.torch import save_file
from torch import manual_seed, nn
from torchvision.models import VisionTransformer

UNITS = 4096

_WIDE = f"""
from torch import nn

def build():
    return nn.Sequential(nn.Conv2d(3, 8, 3, stride=8), nn.ReLU(), nn.Conv2d(8, {UNITS}, 1), nn.ReLU())
"""
_TRANSFORMER = """
from torchvision.models import VisionTransformer

def build():
    return VisionTransformer(
        image_size=32, patch_size=8, num_layers=1, num_heads=2, hidden_dim=16, mlp_dim=32, num_classes=4
    )
"""


def write(models: Path) -> None:
    """Two folders in `models`: `wide`, whose layers 2 and 3 have 4,096 units, and `transformer` of 32 pixels."""
    manual_seed(0)
    wide = nn.Sequential(nn.Conv2d(3, 8, 3, stride=8), nn.ReLU(), nn.Conv2d(8, UNITS, 1), nn.ReLU())
    transformer = VisionTransformer(32, 8, num_layers=1, num_heads=2, hidden_dim=16, mlp_dim=32, num_classes=4)
    _folder(models / "wide", {"input_size": 32, "min_size": 16}, wide, _WIDE)
    _folder(models / "transformer", {"input_size": 32, "fixed_size": True}, transformer, _TRANSFORMER)


def _folder(folder: Path, manifest: dict[str, object], module: nn.Module, code: str) -> None:
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(json.dumps({"factory": "model.py:build", **manifest}))
    (folder / "model.py").write_text(code)
    save_file(module.state_dict(), folder / "model.safetensors")
