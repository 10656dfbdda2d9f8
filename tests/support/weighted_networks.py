"""Small networks, one for each thing that filters are followed through, in float64."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import Tensor, nn

from featurelens.engine.network import Network
from tests.support.small_networks import network, seeded

SIZE = (12, 14)


def chain(**parts: nn.Module) -> nn.Sequential:
    """Layers by name, one after the other."""
    return nn.Sequential(OrderedDict(parts))


def double(module: nn.Module, seed: int = 0) -> Network:
    """With random weights in float64."""
    return network(seeded(module, seed).double())


class Residual(nn.Module):
    """relu(second(relu(first(x))) + x), normalized, behind a stem. The module `relu` runs twice."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1)
        self.rectified = nn.ReLU()
        self.relu = nn.ReLU(inplace=True)
        self.first = nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(6)
        self.second = nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(6)

    def forward(self, x: Tensor) -> Tensor:
        x = self.rectified(self.stem(x))
        inner = self.norm2(self.second(self.relu(self.norm1(self.first(x)))))
        inner += x
        answer: Tensor = self.relu(inner)
        return answer


class Prepared(nn.Module):
    """Prepares the picture once more before its first layer, as torchvision's GoogLeNet does."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        channels = [torch.unsqueeze(x[:, place], 1) * (2.0 + place) - 0.25 for place in (2, 1, 0)]
        answer: Tensor = self.conv(torch.cat(channels, 1))
        return answer


class Shuffled(nn.Module):
    """Channels are split into groups over two axes, and mixed, as in ShuffleNet; half of them goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.first = chain(conv=nn.Conv2d(3, 8, 3, padding=1), act=nn.ReLU())
        self.second = nn.Conv2d(4, 6, 3, padding=1, groups=2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        pictures, channels, height, width = x.shape
        x = x.view(pictures, 2, channels // 2, height, width).transpose(1, 2).contiguous()
        _, half = x.view(pictures, channels, height, width).chunk(2, dim=1)
        answer: Tensor = self.second(half)
        return answer


class Branches(nn.Module):
    """Concatenated branches, one of them pooled, before a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = chain(conv=nn.Conv2d(3, 5, 3, padding=1), act=nn.ReLU())
        self.a = chain(conv=nn.Conv2d(5, 4, 1), act=nn.ReLU())
        self.b = chain(conv=nn.Conv2d(5, 3, 3, padding=1), norm=nn.BatchNorm2d(3))
        self.pool = nn.MaxPool2d(3, 1, 1)
        self.last = nn.Conv2d(12, 6, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        answer: Tensor = self.last(torch.cat([self.a(x), self.b(x), self.pool(x)], 1))
        return answer


class Does(nn.Module):
    """A function."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class Joined(nn.Module):
    """`join` of one map, and `last` of that."""

    def __init__(self, join: Callable[[Tensor], Tensor], last: nn.Module) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.same = nn.Identity()
        self.join = Does(join)
        self.last = last

    def forward(self, x: Tensor) -> Tensor:
        answer: Tensor = self.last(self.join(self.same(self.stem(x))))
        return answer


def plain() -> nn.Module:
    return chain(
        conv1=nn.Conv2d(3, 6, 5, stride=2, padding=2),
        norm1=nn.BatchNorm2d(6),
        act1=nn.ReLU(),
        conv2=nn.Conv2d(6, 8, 3, padding=1),
        act2=nn.ReLU(),
    )


def grouped() -> nn.Module:
    return chain(
        conv1=nn.Conv2d(3, 8, 3, padding=1),
        act1=nn.ReLU(),
        conv2=nn.Conv2d(8, 12, 3, padding=2, groups=4, dilation=2),
        norm2=nn.BatchNorm2d(12),
        act2=nn.ReLU6(),
    )


def separable() -> nn.Module:
    """A depthwise convolution, then one of single positions."""
    return chain(
        conv1=nn.Conv2d(3, 6, 3, padding=1),
        act1=nn.ReLU(),
        deep=nn.Conv2d(6, 6, 3, padding=1, stride=2, groups=6, bias=False),
        norm=nn.BatchNorm2d(6),
        act2=nn.SiLU(),
        point=nn.Conv2d(6, 9, 1),
    )


def shrinking(pool: type[nn.AvgPool2d | nn.MaxPool2d] = nn.AvgPool2d) -> nn.Module:
    """Pooling between two convolutions, the first with a stride."""
    return chain(conv1=nn.Conv2d(3, 5, 3, stride=2, padding=1), act1=nn.ReLU(), pool=pool(2), conv2=nn.Conv2d(5, 7, 2))


def pooled() -> nn.Module:
    return shrinking(nn.MaxPool2d)


def flattened() -> nn.Module:
    """Fully connected behind a map, as LeNet is."""
    return chain(
        conv=nn.Conv2d(3, 4, 3, padding=1),
        act=nn.ReLU(),
        pool=nn.MaxPool2d(2),
        flat=nn.Flatten(),
        fc1=nn.Linear(4 * 6 * 7, 10),
        act1=nn.ReLU(),
        fc2=nn.Linear(10, 5),
    )


def averaged() -> nn.Module:
    return chain(
        conv=nn.Conv2d(3, 6, 3, padding=1),
        norm=nn.BatchNorm2d(6),
        act=nn.ReLU(),
        pool=nn.AdaptiveAvgPool2d(1),
        flat=nn.Flatten(),
        fc=nn.Linear(6, 4),
    )
