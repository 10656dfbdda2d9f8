"""The networks that benchmarks run on, and the units of the published baseline."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import nn

from featurelens.engine.network import IMAGENET, Preprocessing

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("FEATURELENS_SHARED", ROOT.parent / "shared"))


@dataclass(frozen=True)
class Subject:
    """A network, a layer and a channel; `build` makes a new module, with random weights where only time counts."""

    title: str
    build: Callable[[], nn.Module]
    preprocessing: Preprocessing
    layer: str
    channel: int


def tiny_darknet() -> nn.Module:
    """Tiny Darknet with its weights if ../shared has them, else with random ones."""
    sys.path.insert(0, str(ROOT / "examples" / "tiny_darknet"))
    try:
        from model import build  # type: ignore[import-not-found]
    finally:
        sys.path.pop(0)
    module: nn.Module = build()
    weights = SHARED / "models" / "tiny_darknet" / "tiny_darknet.safetensors"
    if weights.exists():
        from safetensors.torch import load_file

        module.load_state_dict(load_file(weights))
    return module.eval()


def _torchvision(name: str, **options: Any) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        torch.manual_seed(0)
        module: nn.Module = torchvision.models.get_model(name, weights=None, **options)
        return module.eval()

    return build


TIMED = (
    Subject("Tiny Darknet conv14", tiny_darknet, Preprocessing(), "conv14", 100),
    Subject(
        "GoogLeNet inception4a",
        _torchvision("googlenet", init_weights=False, aux_logits=False),
        IMAGENET,
        "inception4a",
        97,
    ),
    Subject("ResNet-50 layer3", _torchvision("resnet50"), IMAGENET, "layer3", 100),
)


def baseline() -> dict[str, Any] | None:
    """Lucent's published numbers, or None without ../shared."""
    path = SHARED / "reference" / "lucent-baseline.json"
    if not path.exists():
        return None
    numbers: dict[str, Any] = json.loads(path.read_text())
    return numbers
