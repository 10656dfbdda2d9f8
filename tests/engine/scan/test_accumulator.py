"""What is gathered in a stream is what brute force finds in float64, whatever the order and the parts."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from featurelens.engine.scan import Accumulator, UnitReport
from featurelens.engine.scan.accumulator import PREFERRED
from featurelens.engine.scan.exact_sum import ExactSum
from featurelens.engine.scan.extremes import ranked, unranked
from featurelens.engine.scan.histogram import BINS, Histograms
from featurelens.engine.scan.sample import SIZE, Sample
from tests.support.gathering import IMAGES, KEEP, RECTIFIED, UNITS, cut, gathered, responses

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=-(2.0**63), max_value=2.0**63)


def same(one: Accumulator, other: Accumulator) -> None:
    first, second = one.state(), other.state()
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        assert torch.equal(tensor, second[name]), name


@pytest.mark.parametrize("seed", range(10))
def test_any_parts_in_any_order_give_the_same_bits(seed: int) -> None:
    said, dice = responses(), random.Random(seed)
    whole = gathered(said, [list(range(IMAGES))])
    parts = [gathered(said, [part]) for part in cut(IMAGES, dice)]
    while len(parts) > 1:
        dice.shuffle(parts)
        parts[0].merge(parts.pop())
    same(parts[0], whole)
    same(gathered(said, cut(IMAGES, dice)), whole)


def test_more_images_than_the_sample_holds() -> None:
    said = responses(images=2 * SIZE)
    halves = [gathered(said, [list(range(SIZE))]), gathered(said, [list(range(SIZE, 2 * SIZE))])]
    halves[1].merge(halves[0])
    same(halves[1], gathered(said, [[*range(start, 2 * SIZE, 7)] for start in range(7)]))
    assert halves[1].report(3).middle == "median"


def test_kept_and_taken_up_again() -> None:
    said = responses()
    first = gathered(said, [list(range(70))])
    second = Accumulator(RECTIFIED, KEEP)
    second.restore({name: tensor.clone() for name, tensor in first.state().items()})
    rest = torch.arange(70, IMAGES)
    second.add(rest, said.of(rest))
    same(second, gathered(said, [list(range(IMAGES))]))
    with pytest.raises(KeyError):
        second.restore({})
    with pytest.raises(ValueError, match="different"):
        second.merge(Accumulator(RECTIFIED, KEEP + 1))
    with pytest.raises(ValueError, match="different"):
        second.merge(Accumulator(RECTIFIED[::-1], KEEP))


@pytest.mark.parametrize("unit", range(UNITS))
def test_a_report_is_what_brute_force_finds(unit: int) -> None:
    said = responses()
    report: UnitReport = gathered(said, cut(IMAGES, random.Random(1))).report(unit)
    maxima, means = said.maxima[:, unit].double(), said.means[:, unit].double()

    def listed(order: list[int]) -> list[tuple[float, int, int]]:
        return [(float(maxima[i]), i, int(said.positions[i, unit])) for i in order[:KEEP]]

    rising = sorted(range(IMAGES), key=lambda i: (float(maxima[i]), i))
    falling = sorted(range(IMAGES), key=lambda i: (-float(maxima[i]), i))
    assert report.strongest == listed(falling)
    assert report.weakest == listed(rising)
    by_mean = sorted(range(IMAGES), key=lambda i: (-float(means[i]), i))
    assert report.strongest_mean == [(float(means[i]), i, 0) for i in by_mean[:KEEP]]
    assert report.preferred == falling[:PREFERRED]
    if RECTIFIED[unit]:
        after, bars = means.clamp(min=0), report.mean_after
        assert bars is not None
        binned(bars.low, bars.width, bars.counts, after)
        assert (bars.smallest, bars.largest) == (float(after.min()), float(after.max()))
    else:
        assert report.mean_after is None
    likely = sorted(range(IMAGES), key=lambda i: -float(said.certainties[i, unit]))
    assert [one.image for one in report.likeliest] == (likely[:KEEP] if unit else [])
    if unit == 3:
        assert report.middle == "median"
        assert report.above == listed(rising[IMAGES // 2 :])
        assert report.below == listed(rising[: IMAGES // 2][::-1])
    else:
        assert report.middle == "zero"
        assert report.above == listed([i for i in rising if maxima[i] > 0])
        assert report.below == listed([i for i in falling if maxima[i] < 0])
    assert report.active == float((maxima > 0).double().mean())
    for statistics, values in ((report.maximum, maxima), (report.mean, means)):
        assert statistics.mean == pytest.approx(float(values.mean()), rel=1e-12, abs=1e-15)
        assert statistics.spread == pytest.approx(float(values.std(correction=0)), rel=1e-12)
        binned(statistics.histogram.low, statistics.histogram.width, statistics.histogram.counts, values)
        assert statistics.histogram.smallest == float(values.min())
        assert statistics.histogram.largest == float(values.max())


def binned(low: float, width: float, counts: tuple[int, ...], values: Tensor) -> None:
    """The bins hold all `values`, and as many as fit are in use."""
    assert sum(counts) == len(values)
    for place, count in enumerate(counts):
        left = low + place * width
        assert int(((values >= left) & (values < left + width)).sum()) == count
    assert math.log2(width).is_integer()
    assert BINS // 2 <= len(counts) <= BINS


@settings(max_examples=60, deadline=None)
@given(st.lists(FLOATS, min_size=1, max_size=30), st.randoms())
def test_sums_are_exact(values: list[float], dice: random.Random) -> None:
    sums, squares = ExactSum(1), ExactSum(1)
    dice.shuffle(values)
    sums.add(torch.tensor(values).reshape(-1, 1))
    squares.add_squares(torch.tensor(values).reshape(-1, 1))
    assert sums.value(0) == sum(map(Fraction, values))
    tiny = [value for value in values if value and abs(value) < 2.0**-50]
    if not tiny:
        assert squares.value(0) == sum(Fraction(value) ** 2 for value in values)


@settings(max_examples=100, deadline=None)
@given(st.lists(FLOATS, min_size=1, max_size=30), st.randoms())
def test_a_histogram_holds_whatever_comes(values: list[float], dice: random.Random) -> None:
    def counted(order: list[float]) -> Histograms:
        found = Histograms(1)
        while order:
            size = dice.randint(1, len(order))
            found.add(torch.tensor(order[:size]).reshape(-1, 1))
            order = order[size:]
        return found

    one = counted(values)
    two = counted(dice.sample(values, len(values)))
    assert all(torch.equal(one.state()[name], two.state()[name]) for name in one.state())
    found = one.value(0)
    assert sum(found.counts) == len(values)
    assert found.low <= min(values)
    assert max(values) < found.low + len(found.counts) * found.width


@given(st.lists(st.tuples(FLOATS, st.integers(0, 2**32 - 1)), min_size=1, max_size=20))
def test_ranks_order_by_value_then_image(pairs: list[tuple[float, int]]) -> None:
    values, images = torch.tensor([value for value, _ in pairs]), torch.tensor([image for _, image in pairs])
    keys = ranked(values, images)
    back, who = unranked(keys)
    assert torch.equal(back, values)
    assert torch.equal(who, images)
    by_key = sorted(range(len(pairs)), key=lambda i: -int(keys[i]))
    assert [pairs[i] for i in by_key] == sorted(pairs, key=lambda pair: (-pair[0], pair[1]))


def test_the_sample_is_fair() -> None:
    """As many from each tenth of the data set as chance gives."""
    sample = Sample(1)
    images = torch.arange(20 * SIZE)
    sample.add(images, torch.zeros(len(images), 1), torch.zeros(len(images), 1, dtype=torch.int32))
    tenths = torch.bincount(sample.images // (2 * SIZE), minlength=10)
    assert len(sample.images) == SIZE
    assert all(30 < int(count) < 75 for count in tenths)
