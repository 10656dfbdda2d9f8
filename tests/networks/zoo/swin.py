"""torchvision's Swin transformer, small: channels stand last."""

from __future__ import annotations

from torch import nn
from torchvision.models import SwinTransformer


def build() -> nn.Module:
    built: nn.Module = SwinTransformer([4, 4], 12, [1, 1], [2, 2], [4, 4], num_classes=5)
    return built
