"""One forward pass of a batch through the untouched network: what every unit says to every image, in a few numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from featurelens.engine.extraction.hooks import Reading
from featurelens.engine.extraction.untouched import summarize_untouched
from featurelens.engine.network import Network
from featurelens.engine.objectives import feature_maps

MOST = 2.0**63
"""What no unit of a working network says; its square is still a float32."""


class LayerShape(NamedTuple):
    """A layer as it was read: its units, the height and width of its feature maps in positions.

    `preactivation`: it ends in ReLU, and what was read stood before that.
    """

    name: str
    channels: int
    height: int
    width: int
    preactivation: bool


class Responses(NamedTuple):
    """What the units of all layers, one layer behind the other, say to B images: each (B, units), on the CPU.

    `maxima` float32: the largest value over all positions; `positions` int32: the first one that has it, counted row by
    row; `means` float32: over all positions; `certainties` float32: in the layer of classes the logarithm of the
    probability, softmax over all classes of the means; -inf in other layers.

    `after` float32 (B, rectified units): the means behind the ReLU, of the units of layers that end in one
    (`LayerShape.preactivation`); all else stands before it.
    """

    maxima: Tensor
    positions: Tensor
    means: Tensor
    certainties: Tensor
    after: Tensor

    def of(self, rows: Tensor) -> Responses:
        """Those of some rows."""
        return Responses(*(part[rows] for part in self))

    def usable(self) -> Tensor:
        """(B,) bool: whether all numbers of an image are finite, and their squares too."""
        both = torch.stack([self.maxima, self.means])
        return (both.abs() < MOST).all(2).all(0)


class Reader:
    """Reads `layers` of `network`, `rows` images at a time.

    Every pass has as many rows, idle ones where there are fewer images: a library chooses the order of its sums by the
    number of rows, and so an image in the same row is answered with the same bits whatever the others are.
    """

    def __init__(self, network: Network, layers: Sequence[str], rows: int, device: torch.device) -> None:
        self.rows = rows
        self._network = network
        self._layers = list(layers)
        self._device = device
        self.shapes: list[LayerShape] = []
        """Of the layers in the order asked for; known after the first pass."""

    @property
    def rectified(self) -> list[bool]:
        """Of each unit, in their order: whether its layer ends in ReLU; known after the first pass."""
        return [shape.preactivation for shape in self.shapes for _ in range(shape.channels)]

    @torch.no_grad()
    def __call__(self, pictures: Tensor) -> Responses:
        """`pictures` (rows, C, H, W) in [0, 1].

        Raises KeyError for a layer that is not there, ValueError for one that the pass never reaches.
        """
        if len(pictures) != self.rows:
            raise ValueError(f"{len(pictures)} rows, not {self.rows}")
        shapes: dict[str, LayerShape] = {}
        found: dict[str, Responses] = {}

        def summarize(name: str, reading: Reading) -> None:
            maps = feature_maps(reading.value if reading.before is None else reading.before).float()
            channels, height, width = maps.shape[1:]
            shapes[name] = LayerShape(name, channels, height, width, reading.before is not None)
            after = maps[:, :0, 0, 0] if reading.before is None else feature_maps(reading.value).float().mean((2, 3))
            found[name] = _summary(maps, after, classes=name == self._network.classes_layer)

        prepared = self._network.preprocessing(pictures.to(self._device))
        summarize_untouched(self._network, prepared, self._layers, summarize)
        self.shapes = [shapes[name] for name in self._layers]
        parts = zip(*(found[name] for name in self._layers), strict=True)
        return Responses(*(torch.cat(part, 1).cpu() for part in parts))


def _summary(maps: Tensor, after: Tensor, *, classes: bool) -> Responses:
    """Of (B, C, H, W). To find the largest of each row first is several times faster than to look for its place."""
    width = maps.shape[3]
    maxima, rows = maps.amax(3).max(2)
    line = maps.gather(2, rows[:, :, None, None].expand(-1, -1, 1, width)).squeeze(2)
    means = maps.mean((2, 3))
    certainties = means.log_softmax(1) if classes else torch.full_like(means, -torch.inf)
    return Responses(maxima, (rows * width + line.argmax(2)).int(), means, certainties, after)
