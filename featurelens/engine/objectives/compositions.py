"""Objectives made of objectives: weighted sums, strips between two units, pictures that must differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from featurelens.engine.objectives.base import Objective, Read, Readings, climbed


def _all_layers(objectives: Sequence[Objective]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(layer for objective in objectives for layer in objective.layers))


@dataclass(frozen=True)
class Joint:
    """Weighted sum of any objectives, over any layers and with any signs."""

    terms: tuple[tuple[float, Objective], ...]

    @property
    def layers(self) -> tuple[str, ...]:
        return _all_layers([term for _, term in self.terms])

    def prepared(self, read: Read) -> Joint:
        return replace(self, terms=tuple((weight, term.prepared(read)) for weight, term in self.terms))

    def score(self, readings: Readings) -> Tensor:
        return torch.stack([weight * term.score(readings) for weight, term in self.terms]).sum(0)

    def measure(self, readings: Readings) -> dict[str, Tensor]:
        numbers = {"activation": self.score(readings)}
        for index, (_, term) in enumerate(self.terms):
            numbers |= {f"{name} {index}": value for name, value in term.measure(readings).items()}
        return numbers


@dataclass(frozen=True)
class Interpolation:
    """A strip of B pictures: picture n climbs (1 - w) of the first unit and w of the second, w = n / (B - 1).

    `alignment` pulls the activations of neighbours in the strip together in the layers read, so that the same things
    stand in the same places (lucid, `alignment`, with the squared distance weighed by 1 here).
    """

    first: Objective
    second: Objective
    pictures: int
    alignment: float = 0.0

    @property
    def layers(self) -> tuple[str, ...]:
        return _all_layers([self.first, self.second])

    def prepared(self, read: Read) -> Interpolation:
        return replace(self, first=self.first.prepared(read), second=self.second.prepared(read))

    def score(self, readings: Readings) -> Tensor:
        a, b = self.first.score(readings), self.second.score(readings)
        if a.shape[0] != self.pictures:
            raise ValueError(f"this strip has {self.pictures} pictures, the render {a.shape[0]}")
        weight = torch.linspace(0, 1, self.pictures, device=a.device)
        score = (1 - weight) * a + weight * b
        if self.alignment and self.pictures > 1:
            for layer in self.layers:
                score = score - self.alignment * _unlike_neighbours(climbed(readings[layer], "positive").float())
        return score

    def measure(self, readings: Readings) -> dict[str, Tensor]:
        first, second = self.first.measure(readings), self.second.measure(readings)
        weight = torch.linspace(0, 1, self.pictures, device=first["activation"].device)
        mixed = (1 - weight) * first["activation"] + weight * second["activation"]
        return {"activation": mixed, "first": first["activation"], "second": second["activation"]}


def _unlike_neighbours(maps: Tensor) -> Tensor:
    """(B,): half of each picture's mean squared distance to its neighbours in the strip."""
    between = (maps[1:] - maps[:-1]).square().flatten(1).mean(1)
    nothing = between.new_zeros(1)
    return 0.5 * (torch.cat([between, nothing]) + torch.cat([nothing, between]))


@dataclass(frozen=True)
class Diversity:
    """Pictures of one unit that must differ: the unit's score minus `weight` times the mean likeness to the others.

    Likeness is the cosine between Gram matrices of the layer, the style of a picture (Olah et al. 2017; Wei et al.
    2015). The article sums over all pairs; the mean keeps the weight's meaning for any number of pictures, and it is
    taken in units of the unit's own score so that one weight serves every layer.
    """

    unit: Objective
    weight: float = 1.0

    @property
    def layers(self) -> tuple[str, ...]:
        return self.unit.layers

    def prepared(self, read: Read) -> Diversity:
        return replace(self, unit=self.unit.prepared(read))

    def score(self, readings: Readings) -> Tensor:
        score = self.unit.score(readings)
        scale = score.detach().abs().mean().clamp(min=1e-3)
        return score - self.weight * scale * likeness(readings, self.layers)

    def measure(self, readings: Readings) -> dict[str, Tensor]:
        return self.unit.measure(readings) | {"likeness": likeness(readings, self.layers)}


def likeness(readings: Readings, layers: Sequence[str]) -> Tensor:
    """(rows,): mean over the other rows, and over layers, of the cosine between Gram matrices; 0 for a single row."""
    total = torch.zeros(())
    for layer in layers:
        # Gram matrices overflow half precision.
        maps = climbed(readings[layer], "positive").float().flatten(2)
        gram = torch.bmm(maps, maps.transpose(1, 2)) / maps.shape[2]
        styles = torch.nn.functional.normalize(gram.flatten(1), dim=1, eps=1e-6)
        cosines = styles @ styles.T
        others = cosines.shape[0] - 1
        total = total.to(cosines) + (cosines.sum(1) - cosines.diagonal()) / max(1, others)
    return total / len(layers)
