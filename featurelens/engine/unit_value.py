"""What one unit says to pictures, one number a picture, read from the network as its author wrote it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from featurelens.engine.extraction.untouched import on_device, read_untouched
from featurelens.engine.network import Network
from featurelens.engine.objectives import feature_maps
from featurelens.engine.token_grid import convolved, token_grid


@dataclass(frozen=True)
class UnitValue:
    """The mean of one channel's feature map, its `maximum` wherever it is, or what it says at `position` (x, y).

    `preactivation`: of what stands before the ReLU that the layer ends in. Tokens are laid out as `layer_maps` does.
    """

    network: Network
    layer: str
    channel: int
    maximum: bool = False
    position: tuple[int, int] | None = None
    preactivation: bool = False

    def __call__(self, pictures: Tensor) -> Tensor:
        """(B,) in float32 of `pictures` (B, C, H, W) in [0, 1]; differentiable.

        Raises what `layer_maps` raises, and ValueError for a position or a pre-activation that is not there.
        """
        map_ = self._maps(pictures)
        if self.position is not None:
            (x, y), (height, width) = self.position, map_.shape[1:]
            if x >= width or y >= height:
                raise ValueError(f"a feature map of {self.layer} has {width} columns and {height} rows: no ({x}, {y})")
            return map_[:, y, x]
        flat = map_.flatten(1)
        return flat.amax(1) if self.maximum else flat.mean(1)

    def _maps(self, pictures: Tensor) -> Tensor:
        """(B, H, W)"""
        with convolved(on_device(self.network.module, pictures.device)) as sizes:
            reading = read_untouched(self.network, self.network.preprocessing(pictures), [self.layer])[self.layer]
        value = reading.before if self.preactivation else reading.value
        if value is None:
            raise ValueError(f"what stands before the ReLU of {self.layer} is not known here")
        maps = feature_maps(value)[:, self.channel].float()
        grid = token_grid(value.shape[1], sizes) if value.dim() == 3 else None
        return maps if grid is None else maps[:, grid.first :].reshape(-1, grid.height, grid.width)
