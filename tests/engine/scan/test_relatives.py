"""Which units answer alike is what `numpy.corrcoef` says in float64; how far off a sample is, it says itself."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import torch
from torch import Tensor

from featurelens.engine.scan import Relatives
from featurelens.engine.scan.relatives import ALIKE, OPPOSITE, relatives
from featurelens.engine.scan.sample import SIZE
from tests.support.gathering import cut, gathered, responses

DIGITS = 1e-6
NOBODY = Relatives([], [])


def mixed(images: int, units: int, seed: int = 0) -> Tensor:
    """Units that share some of what they say, in sizes of their own."""
    dice = torch.Generator().manual_seed(seed)
    shared = torch.randn(images, 5, generator=dice) @ torch.randn(5, units, generator=dice)
    sizes = 10.0 ** torch.randint(-3, 4, (units,), generator=dice)
    return (shared + torch.randn(images, units, generator=dice)) * sizes


@pytest.mark.parametrize("units", [1, 2, 3, 9, 300])
def test_they_are_those_that_numpy_finds(units: int) -> None:
    values = mixed(50, units)
    found = list(relatives(values, 50))
    expected = np.atleast_2d(np.corrcoef(values.double().numpy().T))
    assert len(found) == units
    for unit, (alike, opposite) in enumerate(found):
        others = [other for other in range(units) if other != unit]
        falling = sorted(others, key=lambda other: -expected[unit, other])
        above = [other for other in falling if expected[unit, other] > 0][:ALIKE]
        below = [other for other in reversed(falling) if expected[unit, other] < 0][:OPPOSITE]
        assert [one.unit for one in alike] == above
        assert [one.unit for one in opposite] == below
        for one in alike + opposite:
            assert one.correlation == pytest.approx(expected[unit, one.unit], abs=DIGITS)
            assert one.error == 0, "of all images"


def test_known_relatives() -> None:
    """A twin, a twin of another size, an opposite, one that says nothing, one that says nothing but rounding."""
    values = torch.randn(40, 7, generator=torch.Generator().manual_seed(1))
    values[:, 2] = values[:, 0]
    values[:, 3] = values[:, 0] * 4096 + 2**20
    values[:, 4] = -values[:, 0]
    values[:, 5] = 0.1
    values[:, 6] = 0.1 + values[:, 0] * 1e-8
    found = list(relatives(values, 1000))
    alike, opposite = found[0]
    assert [(one.unit, one.correlation, one.error) for one in alike[:2]] == [(2, 1, 0), (3, 1, 0)]
    assert [(one.unit, one.correlation, one.error) for one in opposite[:1]] == [(4, -1, 0)]
    assert [one.unit for one in found[4].opposite[:3]] == [0, 2, 3]
    assert found[5] == found[6] == NOBODY
    told = [one for lists in found for each in lists for one in each]
    assert not {5, 6} & {one.unit for one in told}
    assert all(math.isfinite(number) for one in told for number in one)


@pytest.mark.parametrize("size", [1e-44, 1e-38, 2.0**62])
def test_answers_of_any_size(size: float) -> None:
    values = torch.tensor([[1.0, 2.0, -3.0], [2.0, 4.0, -1.0], [4.0, 8.0, -2.0]]) * size
    first = next(relatives(values, 3))
    assert tuple(first.alike[0]) == (1, 1, 0)
    assert all(math.isfinite(number) for lists in first for one in lists for number in one)


def test_too_few_images() -> None:
    assert list(relatives(torch.zeros(0, 2), 0)) == [NOBODY, NOBODY]
    assert list(relatives(torch.ones(1, 2), 1)) == [NOBODY, NOBODY]


@pytest.mark.parametrize("count", [400, 1600])
def test_a_sample_knows_how_far_off_it_is(count: int) -> None:
    """In tails heavier than a normal distribution's; also where it is most of all images."""
    dice = torch.Generator().manual_seed(0)
    whole = torch.randn(2000, 9, generator=dice).pow(3) + 2 * torch.randn(2000, 1, generator=dice).pow(3)
    truth = np.corrcoef(whole.double().numpy().T)
    off = []
    for _ in range(20):
        sample = whole[torch.randperm(len(whole), generator=dice)[:count]]
        for unit, (alike, _) in enumerate(relatives(sample, len(whole))):
            assert len(alike) == 8
            off += [abs(one.correlation - truth[unit, one.unit]) / one.error for one in alike]
    assert 0.85 < np.mean(np.array(off) < 2) < 1
    assert 0.5 < np.mean(np.array(off) < 1) < 0.85


def test_any_parts_in_any_order_say_the_same() -> None:
    said, dice = responses(images=3 * SIZE), random.Random(5)
    parts = [gathered(said, [part]) for part in cut(3 * SIZE, dice)]
    while len(parts) > 1:
        dice.shuffle(parts)
        parts[0].merge(parts.pop())
    whole = gathered(said, [list(range(3 * SIZE))])
    assert parts[0].sampled == whole.sampled == SIZE
    found = list(whole.relatives(range(1, 5)))
    assert list(parts[0].relatives(range(1, 5))) == found
    sample = whole.state()["sample.images"]
    expected = np.corrcoef(said.maxima[sample, 1:5].double().numpy().T)
    assert found[0].alike[0].correlation == pytest.approx(max(expected[0, 1:]), abs=DIGITS)
    assert found[0].alike[0].error > 0
