"""Small networks with known answers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from featurelens.engine.network import Network, Preprocessing


def network(module: nn.Module, channels: int = 3, name: str = "small") -> Network:
    """Takes pictures in [-1, 1]."""
    return Network(name, module, Preprocessing((0.5,) * channels, (0.5,) * channels), digest="none")


def seeded(module: nn.Module, seed: int = 0) -> nn.Module:
    """The same random weights for the same seed; batch norm has seen something, so that folding it shows."""
    generator = torch.Generator().manual_seed(seed)

    def normal(tensor: Tensor) -> Tensor:
        return torch.randn(tensor.shape, generator=generator)

    with torch.no_grad():
        for child in module.modules():
            if isinstance(child, nn.BatchNorm2d) and child.running_mean is not None and child.running_var is not None:
                child.running_mean.copy_(normal(child.running_mean) * 0.2)
                child.running_var.copy_(0.5 + torch.rand(child.running_var.shape, generator=generator))
                child.weight.copy_(1 + normal(child.weight) * 0.2)
                child.bias.copy_(normal(child.bias) * 0.2)
            elif isinstance(child, nn.Conv2d | nn.Linear):
                fan_in = child.weight[0].numel()
                child.weight.copy_(normal(child.weight) * (2 / fan_in) ** 0.5)
                if child.bias is not None:
                    child.bias.copy_(normal(child.bias) * 0.1)
    return module.eval()


def stack(channels: int = 3, stride: int = 1) -> nn.Sequential:
    """conv, norm, ReLU, conv, ReLU: layers "0" to "4", 12 channels; at a stride of 1, the picture's own size."""
    layers = nn.Sequential(
        nn.Conv2d(channels, 8, 5, stride=stride, padding=2),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 12, 3, stride=stride, padding=1),
        nn.ReLU(),
    )
    seeded(layers)
    return layers
