"""What the network makes of a photograph: pictures whose activations point the way the photograph's do."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from featurelens.engine.objectives.base import Read, Readings, feature_maps
from featurelens.engine.objectives.directions import dot_cosine


@dataclass(frozen=True, eq=False)
class Caricature:
    """Dot product with the photograph's activations at every position, times cosine ** power (Olah et al. 2018).

    The dot product exaggerates: whatever the layer saw in the photograph, more of it. `photo` is (C, H, W) in [0, 1].
    """

    layer: str
    photo: Tensor
    power: float = 1.0
    reference: Tensor | None = None

    @property
    def layers(self) -> tuple[str, ...]:
        return (self.layer,)

    def prepared(self, read: Read) -> Caricature:
        with torch.no_grad():
            maps = feature_maps(read(self.photo.unsqueeze(0))[self.layer].value).float()
        return replace(self, reference=maps)

    def score(self, readings: Readings) -> Tensor:
        maps, reference = self._maps(readings)
        # In units of the photograph's own energy, so that scores compare between layers.
        return dot_cosine(maps, reference, self.power) / _energy(reference)

    def measure(self, readings: Readings) -> dict[str, Tensor]:
        maps, reference = self._maps(readings)
        cosine = torch.cosine_similarity(maps.flatten(1), reference.flatten(1).expand(maps.shape[0], -1))
        return {"activation": dot_cosine(maps, reference, 0.0) / _energy(reference), "cosine": cosine}

    def _maps(self, readings: Readings) -> tuple[Tensor, Tensor]:
        if self.reference is None:
            raise ValueError("the photograph has not been shown to the network yet: call prepared() first")
        maps = feature_maps(readings[self.layer].value).float()
        if maps.shape[1:] != self.reference.shape[1:]:
            raise ValueError(f"the photograph must have the size of the picture, it is {tuple(self.photo.shape[1:])}")
        return maps, self.reference


@dataclass(frozen=True, eq=False)
class Inversion(Caricature):
    """The picture whose activations equal the photograph's: minus the relative squared distance (Mahendran 2015)."""

    def score(self, readings: Readings) -> Tensor:
        maps, reference = self._maps(readings)
        return -(maps - reference).square().sum(1).mean((1, 2)) / _energy(reference)


def _energy(maps: Tensor) -> Tensor:
    """Mean squared length of the activation vectors; never zero."""
    return maps.square().sum(1).mean() + 1e-12
