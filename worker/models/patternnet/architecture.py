"""patternnet: fully convolutional, so any input of at least 32x32 pixels will do."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

CLASSES = 27
MEAN = (0.5, 0.5, 0.5)
STD = (0.25, 0.25, 0.25)
MIN_SIZE = 32


def _stage(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
            norm=nn.BatchNorm2d(outputs),
            act=nn.ReLU(),
        )
    )


class PatternNet(nn.Module):
    """(B, 3, H, W), normalized with `MEAN` and `STD` -> (B, classes).

    Average pooling, because strides and max pooling leave checkerboards in gradients. `logits` answers per position
    (one every 8 pixels, each seeing 74); the mean over the positions is the logit of the class.
    """

    def __init__(self, classes: int = CLASSES) -> None:
        super().__init__()
        self.conv1 = _stage(3, 24, 7)
        self.pool1 = nn.AvgPool2d(2)
        self.conv2 = _stage(24, 48, 3)
        self.pool2 = nn.AvgPool2d(2)
        self.conv3 = _stage(48, 64, 3)
        self.pool3 = nn.AvgPool2d(2)
        self.conv4 = _stage(64, 96, 3)
        self.conv5 = _stage(96, 128, 3)
        self.conv6 = _stage(128, 160, 3)
        self.logits = nn.Conv2d(160, classes, 1)

    def forward(self, inputs: Tensor) -> Tensor:
        values = self.pool1(self.conv1(inputs))
        values = self.pool2(self.conv2(values))
        values = self.pool3(self.conv3(values))
        values = self.conv6(self.conv5(self.conv4(values)))
        return torch.mean(self.logits(values), (2, 3))
