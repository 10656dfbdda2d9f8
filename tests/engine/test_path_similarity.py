"""Rank correlations of what layers answer, held against ranks counted one by one in float64."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from featurelens.engine import path_similarity
from featurelens.engine.network import Network
from featurelens.engine.path_similarity import By, Likeness, Path, Spread, correlation, likeness, path
from tests.support.oriented import by_hand, oriented
from tests.support.small_networks import network


def picture(seed: int, height: int = 9, width: int = 12) -> Tensor:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed))


def counted(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rank of each: how many are smaller, and half of those that are equal."""
    flat = values.ravel()
    return np.array([(flat < one).sum() + ((flat == one).sum() + 1) / 2 for one in flat])


def spearman(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.corrcoef(counted(one), counted(other))[0, 1])


def paths(net: Network, seeds: range, *layers: str) -> list[Path]:
    return [path(net, picture(seed), layers)[0] for seed in seeds]


def test_correlations_are_those_of_ranks_counted_by_hand() -> None:
    """Behind a ReLU many numbers are equal."""
    first, second = paths(oriented(), range(2), "convolved", "rectified")
    before = [by_hand(picture(seed)) for seed in range(2)]
    # Rounded as the network's numbers are, so that the same ones are equal.
    after = [one.astype(np.float32).clip(0).astype(np.float64) for one in before]
    assert correlation(first["convolved"].whole, second["convolved"].whole) == pytest.approx(
        spearman(*before), abs=2e-3
    )
    assert correlation(first["rectified"].whole, second["rectified"].whole) == pytest.approx(spearman(*after), abs=2e-3)
    assert correlation(first["convolved"].whole, first["convolved"].whole) == pytest.approx(1, abs=1e-6)


def test_means_are_those_of_the_units_counted_by_hand() -> None:
    (first, second), hand = paths(oriented(), range(2), "convolved"), [by_hand(picture(seed)) for seed in range(2)]
    expected = spearman(*(one.mean((1, 2)) for one in hand))
    assert correlation(first["convolved"].means, second["convolved"].means) == pytest.approx(expected, abs=1e-6)


def test_where_something_stands_matters_to_the_whole_alone() -> None:
    """What is the same around every position: a picture that is turned around says the same elsewhere."""
    net = network(nn.Sequential(nn.Conv2d(3, 6, 1)))
    straight, turned = (path(net, one, ["0"])[0]["0"] for one in (picture(0), picture(0).flip(1, 2)))
    assert correlation(straight.means, turned.means) == pytest.approx(1, abs=1e-6)
    assert (correlation(straight.whole, turned.whole) or 1.0) < 0.99


@pytest.mark.parametrize("by", ["whole", "means"])
def test_every_pair_counts_once(by: By) -> None:
    net = oriented()
    pictures, examples, others = (paths(net, range(*ends), "rectified") for ends in ((0, 3), (3, 7), (7, 12)))
    found = likeness("rectified", pictures, examples, others, by)

    def answer(one: Path) -> Tensor:
        return one["rectified"].whole if by == "whole" else one["rectified"].means

    def told(pairs: list[tuple[Path, Path]]) -> tuple[Any, ...]:
        each = [correlation(answer(one), answer(other)) for one, other in pairs]
        values = np.array(each, np.float64)
        return len(values), pytest.approx(values.mean()), pytest.approx(values.std())

    assert found.each == tuple(correlation(answer(pictures[0]), answer(one)) for one in examples)
    assert found.picture == told([(pictures[0], one) for one in examples])
    assert found.examples == told(list(combinations(examples, 2)))
    assert found.others == told(list(product(examples, others)))
    assert found.seeds == told(list(combinations(pictures, 2)))
    assert found.examples is not None
    assert found.others is not None
    assert found.picture is not None


def test_the_normalized_number_is_one_for_an_example_and_zero_for_another_image() -> None:
    """Two examples that are alike, and an image that goes another way."""
    net = oriented()
    example = picture(0)
    near = (example + 0.01 * picture(1)).clamp(0, 1)
    liked = [path(net, one, ["convolved"])[0] for one in (example, near)]
    rest = [path(net, 1 - example, ["convolved"])[0]]
    same = likeness("convolved", [liked[0]], liked[1:] * 2, rest).normalized
    other = likeness("convolved", rest, liked, rest).normalized
    assert same is not None
    assert other is not None
    assert same == pytest.approx(1, abs=0.02)
    assert other == pytest.approx(0, abs=1e-9)
    assert likeness("convolved", [liked[0]], [rest[0], liked[0]], [liked[1]]).normalized is None
    half = Likeness((0.5,), Spread(1, 0.5, 0.0), Spread(1, 0.75, 0.0), Spread(2, 0.25, 0.4), None)
    assert half.normalized == 0.5
    assert replace(half, others=Spread(2, 0.25, 0.6)).normalized is None, "others vary more than that"


def test_what_is_not_known_is_absent() -> None:
    class Silent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.ReLU()

        def forward(self, inputs: Tensor) -> Tensor:
            said: Tensor = self.layer(inputs * 0 - 1)
            return said

    silent = path(network(Silent()), picture(0), ["layer"])[0]
    whole, means = silent["layer"]
    assert (correlation(whole, whole), correlation(means, means)) == (None, None)
    found = likeness("layer", [silent], [silent, silent], [silent])
    assert (found.each, found.picture, found.examples, found.others, found.seeds) == ((None, None), *[None] * 4)
    assert found.normalized is None
    alone = likeness("convolved", paths(oriented(), range(1), "convolved"), paths(oriented(), range(1), "convolved"))
    assert (alone.examples, alone.others, alone.seeds, alone.normalized) == (None, None, None, None)


def test_of_a_large_layer_the_same_places_are_ranked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path_similarity, "MOST", 64)
    path_similarity._drawn.cache_clear()
    (first, numbers), (second, _) = (path(oriented(), picture(seed), ["convolved"]) for seed in range(2))
    path_similarity._drawn.cache_clear()
    assert numbers == {"convolved": 4 * 9 * 12}
    assert len(first["convolved"].whole) == 64
    places = torch.randperm(432, generator=torch.Generator().manual_seed(0))[:64].numpy()
    hand = [by_hand(picture(seed)).ravel()[places] for seed in range(2)]
    assert correlation(first["convolved"].whole, second["convolved"].whole) == pytest.approx(spearman(*hand), abs=2e-3)


def test_no_numbers() -> None:
    class Broken(nn.Identity):
        def forward(self, inputs: Tensor) -> Tensor:
            return inputs * math.inf

    with pytest.raises(ValueError, match="no numbers"):
        path(network(nn.Sequential(Broken())), picture(0), ["0"])
