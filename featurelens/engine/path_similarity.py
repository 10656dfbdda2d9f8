"""How alike a network processes pictures on their way to a unit, layer by layer.

After Geirhos, Zimmermann, Bilodeau, Brendel, Kim, "Don't trust your eyes: on the (un)reliability of feature
visualizations" (ICML 2024): Spearman's rank correlation of what a layer answers to one picture and to another, related
to how alike natural images are that the unit likes, and images that have nothing to do with it.

They compare position by position. Pictures that show the same in different places differ by that, so the same is told
of the mean over all positions of each unit, which is blind to where something stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from featurelens.engine.extraction.hooks import Reading
from featurelens.engine.extraction.untouched import summarize_untouched
from featurelens.engine.network import Network
from featurelens.engine.objectives import feature_maps

MOST = 1 << 15
"""Numbers of a layer that are ranked. Of a larger layer they are drawn, the same for every picture: a correlation is
then off by about 1 / sqrt(MOST) = 0.006, and a path takes 128 kB a layer."""


class Answer(NamedTuple):
    """Ranks, with mean 0 and length 1; zeros where all numbers are the same. `whole`: of what a layer answers, position
    by position; `means` (C,): of the means over all positions of its units.
    """

    whole: Tensor
    means: Tensor


Path = Mapping[str, Answer]
"""By layer."""

By = Literal["whole", "means"]


class Spread(NamedTuple):
    """Correlations of `pairs` pairs: their mean and standard deviation. Pairs without a correlation do not count."""

    pairs: int
    mean: float
    spread: float


@dataclass(frozen=True)
class Likeness:
    """Of one layer: correlations between the paths of pictures, each from -1 to 1, or None where it has none.

    `each` is that of the picture with each example, `picture` all of them; `examples` that of the examples with one
    another, `others` that of the examples with other images; `seeds` that of pictures of the same unit. `normalized` is
    where `picture` lies between `others` (0) and `examples` (1).
    """

    each: tuple[float | None, ...]
    picture: Spread | None
    examples: Spread | None
    others: Spread | None
    seeds: Spread | None

    @property
    def normalized(self) -> float | None:
        """None unless the examples are more like one another than like other images, by more than these vary."""
        if self.picture is None or self.examples is None or self.others is None:
            return None
        above = self.examples.mean - self.others.mean
        return (self.picture.mean - self.others.mean) / above if above > self.others.spread else None


@torch.no_grad()
def path(network: Network, picture: Tensor, layers: Sequence[str]) -> tuple[Path, dict[str, int]]:
    """Shows `picture` (C, H, W) in [0, 1] to the network as its author wrote it, in float32.

    Returns its path through `layers`, and how many numbers each layer answers. Raises KeyError for a layer that is not
    there, ValueError for one that the pass never reaches or that answers with what are no numbers.
    """
    found: dict[str, Answer] = {}
    numbers: dict[str, int] = {}

    def take(name: str, reading: Reading) -> None:
        values = reading.value[0].flatten()
        numbers[name] = len(values)
        whole = _ranked(values[_drawn(len(values)).to(values.device)].float().cpu())
        found[name] = Answer(whole, _ranked(feature_maps(reading.value)[0].double().mean((1, 2)).float().cpu()))

    summarize_untouched(network, network.preprocessing(picture[None]), layers, take)
    return found, numbers


def likeness(
    layer: str, pictures: Sequence[Path], examples: Sequence[Path], others: Sequence[Path] = (), by: By = "whole"
) -> Likeness:
    """Of one layer; the first of `pictures` is the one that is compared with `examples`, all are of the same unit."""
    shown, liked, rest = ([getattr(one[layer], by) for one in paths] for paths in (pictures, examples, others))
    each = [correlation(shown[0], one) for one in liked]
    return Likeness(
        each=tuple(each),
        picture=_spread(each),
        examples=_spread([correlation(*pair) for pair in combinations(liked, 2)]),
        others=_spread([correlation(*pair) for pair in product(liked, rest)]),
        seeds=_spread([correlation(*pair) for pair in combinations(shown, 2)]),
    )


def correlation(one: Tensor, other: Tensor) -> float | None:
    """Of two answers of one layer, whole or means; None where either has no two numbers that differ."""
    if not one.any() or not other.any():
        return None
    return float((one.double() @ other.double()).clamp(-1, 1))


def _ranked(values: Tensor) -> Tensor:
    """(n,) the ranks of `values`, equal ones the mean of theirs, with mean 0 and length 1."""
    if not values.isfinite().all():
        raise ValueError("the layer answers with values that are no numbers, or too large for float32")
    _, places, counts = torch.unique(values + 0.0, return_inverse=True, return_counts=True)
    ranks = counts.cumsum(0).double() - (counts.double() - 1) / 2
    centred = ranks[places] - (len(values) + 1) / 2
    length = centred.norm()
    unit: Tensor = centred / length if length else centred
    return unit.float()


@lru_cache(64)
def _drawn(numbers: int) -> Tensor:
    """Places of the numbers that are ranked."""
    if numbers <= MOST:
        return torch.arange(numbers)
    return torch.randperm(numbers, generator=torch.Generator().manual_seed(0))[:MOST]


def _spread(found: Sequence[float | None]) -> Spread | None:
    known = torch.tensor([one for one in found if one is not None], dtype=torch.float64)
    if not len(known):
        return None
    return Spread(len(known), float(known.mean()), float(known.std(correction=0)))
