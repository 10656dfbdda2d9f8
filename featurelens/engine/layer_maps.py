"""All feature maps of one layer for one picture, as the network's author wrote it, in float32."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from featurelens.engine.attention import overheard
from featurelens.engine.extraction.untouched import on_device, read_untouched
from featurelens.engine.network import Network
from featurelens.engine.objectives import feature_maps
from featurelens.engine.token_grid import TokenGrid, convolved, token_grid


@dataclass(frozen=True)
class LayerMaps:
    """Of C channels, on the CPU, contiguous.

    `activation` (C, H, W) is what the layer answers, `preactivation` what stands before its ReLU, if any.
    A vector is one position. Tokens lie on the picture (`tokens`), and the first ones, which stand for no patch, are
    `first` (C, K); where nobody knows how they lie, they are one column. `attention` (heads, queries, keys) is that of
    the layer or of the only `torch.nn.MultiheadAttention` in it, named `attends`; None: there is not one such.
    """

    activation: Tensor
    preactivation: Tensor | None = None
    tokens: TokenGrid | None = None
    first: Tensor | None = None
    attention: Tensor | None = None
    attends: str | None = None

    @property
    def values(self) -> dict[str, Tensor]:
        """The maps by name: ``activation`` and, where there is one, ``preactivation``."""
        named = {"activation": self.activation, "preactivation": self.preactivation}
        return {name: maps for name, maps in named.items() if maps is not None}


@torch.no_grad()
def layer_maps(network: Network, picture: Tensor, layer: str) -> LayerMaps:
    """Shows `picture` (C, H, W) in [0, 1] to `network`.

    Raises KeyError for a layer that is not there, ValueError for one that the pass never reaches, or that answers with
    what are no numbers.
    """
    module = on_device(network.module, picture.device)
    with convolved(module) as sizes, overheard(module, layer) as heard:
        reading = read_untouched(network, network.preprocessing(picture[None]), [layer])[layer]
    grid = token_grid(reading.value.shape[1], sizes) if reading.value.dim() == 3 else None
    activation, before = _maps(reading.value), None if reading.before is None else _maps(reading.before)
    first = None if grid is None or not grid.first else activation[:, : grid.first, 0].contiguous()
    attention = None if heard is None else heard.weights()
    return LayerMaps(
        activation=_laid_out(activation, grid),
        preactivation=None if before is None else _laid_out(before, grid),
        tokens=grid,
        first=first,
        attention=None if attention is None else attention.float().cpu().contiguous(),
        attends=None if attention is None or heard is None else heard.name,
    )


def _maps(value: Tensor) -> Tensor:
    maps = feature_maps(value)[0].float().cpu()
    if not maps.isfinite().all():
        raise ValueError("the layer answers with values that are no numbers, or too large for float32")
    return maps


def _laid_out(maps: Tensor, grid: TokenGrid | None) -> Tensor:
    """(C, T, 1) as (C, H, W) without the first tokens; as it is without a grid."""
    if grid is not None:
        maps = maps[:, grid.first :].reshape(-1, grid.height, grid.width)
    return maps.contiguous()
