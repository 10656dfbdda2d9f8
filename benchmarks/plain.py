"""The plain loop that lanes are compared with: one picture, as common libraries optimize it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from featurelens.engine.network import Network, Preprocessing


class PlainLoop:
    """Hooks the layer, runs the whole network in float32 and lets its parameters take gradients; one picture.

    The image is raw pixels, without transforms and parameterization, so that only the network is compared.
    """

    def __init__(
        self, module: nn.Module, preprocessing: Preprocessing, layer: str, channel: int, size: int, device: torch.device
    ) -> None:
        self._module = module.to(device).eval().requires_grad_(True)
        self._preprocessing = preprocessing
        self._channel = channel
        self._seen: list[Tensor] = []
        module.get_submodule(layer).register_forward_hook(lambda _module, _inputs, output: self._seen.append(output))
        self._image = torch.rand(1, preprocessing.channels, size, size, device=device, requires_grad=True)
        self._optimizer = torch.optim.Adam([self._image], lr=0.05)

    def step(self) -> None:
        self._optimizer.zero_grad()
        self._module(self._preprocessing(self._image))
        loss = -self._seen.pop()[:, self._channel].mean()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()


def network_of(module: nn.Module, preprocessing: Preprocessing, name: str) -> Network:
    return Network(name, module, preprocessing, digest="benchmark")
