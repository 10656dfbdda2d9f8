"""Tiny Darknet (Joseph Redmon, public domain): sixteen convolutions, 1,000 classes, one million parameters."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

STAGES = (  # output channels, kernel size; 0 is a pool of 2x2
    (16, 3), 0, (32, 3), 0, (16, 1), (128, 3), (16, 1), (128, 3), 0, (32, 1), (256, 3), (32, 1), (256, 3), 0,
    (64, 1), (512, 3), (64, 1), (512, 3), (128, 1),
)  # fmt: skip


class TinyDarknet(nn.Sequential):
    """(B, 3, H, W), RGB in [0, 1], any multiple of 16 -> (B, 1000); `conv16` answers per position."""

    def forward(self, inputs: Tensor) -> Tensor:
        return super().forward(inputs).mean((2, 3))


def build() -> nn.Module:
    """Stages conv1, pool1, ... conv16; each conv but the last has children conv, norm and act."""
    stages: OrderedDict[str, nn.Module] = OrderedDict()
    inputs, convolutions, pools = 3, 0, 0
    for stage in STAGES:
        if isinstance(stage, int):
            pools += 1
            stages[f"pool{pools}"] = nn.MaxPool2d(2, 2)
            continue
        convolutions += 1
        outputs, kernel = stage
        stages[f"conv{convolutions}"] = nn.Sequential(
            OrderedDict(
                conv=nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
                norm=nn.BatchNorm2d(outputs, eps=1e-3),
                act=nn.LeakyReLU(0.1),
            )
        )
        inputs = outputs
    stages["conv16"] = nn.Conv2d(inputs, 1000, 1)
    return TinyDarknet(stages)
