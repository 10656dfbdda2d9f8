"""torchvision's vision transformer, small."""

from __future__ import annotations

from torch import nn
from torchvision.models import VisionTransformer


def build() -> nn.Module:
    built: nn.Module = VisionTransformer(32, 8, 2, 2, 12, 24, num_classes=5)
    return built
