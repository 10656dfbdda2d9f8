"""In which numbers rows may go through a network together, and what happens where they may not."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import pytest
import torch
from torch import Tensor, nn

from featurelens.engine.batch_invariance import NUMBERS, BatchInvariance, Filled
from featurelens.engine.cancellation import cancelling, steady
from featurelens.engine.extraction.extractor import Extractor
from featurelens.engine.extraction.hooks import Reading
from featurelens.engine.extraction.passes.single_rows import SMALL, pad_single_rows
from featurelens.engine.lane import Lane
from featurelens.engine.network import Network
from featurelens.engine.objectives import Channel
from featurelens.engine.optimization import Recipe
from tests.support.lanes import alone, finish
from tests.support.small_networks import network, seeded, stack

SIZE = (16, 24)
CPU = torch.device("cpu")


class Mixing(nn.Module):
    """What it says of a row depends on the others."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 5, 3, padding=1)

    def forward(self, value: Tensor) -> Tensor:
        value = self.first(value)
        return torch.as_tensor(self.second(value - value.mean(0)))


class Pairs(Mixing):
    """Says something else where there are more than two rows."""

    def forward(self, value: Tensor) -> Tensor:
        return torch.as_tensor(self.second(self.first(value) * (1 + 1e-6 * (len(value) > 2))))


def invariance(net: Network, layer: str, dtype: torch.dtype = torch.float32) -> BatchInvariance:
    return BatchInvariance(net, Extractor(net, [layer], follow=True, dtype=dtype), SIZE, CPU, nullcontext)


def test_enough_for_all_and_no_more_than_there_is_memory_for() -> None:
    found = invariance(network(stack()), "4")
    assert [found.rows(wanted, 64) for wanted in (1, 2, 3, 8, 9, 33)] == [1, 2, 3, 8, 10, 40]
    assert [found.rows(wanted, 9) for wanted in (3, 6, 9, 100)] == [3, 6, 8, 8]
    assert found.rows(100, 1) == 1
    assert list(NUMBERS) == sorted(NUMBERS)


def test_elsewhere_nothing_is_tried() -> None:
    net = network(stack())
    found = BatchInvariance(net, Extractor(net, ["4"]), SIZE, torch.device("meta"), nullcontext)
    assert [found.rows(wanted, 8) for wanted in (1, 7, 9)] == [1, 7, 8]


@pytest.mark.parametrize(("module", "most"), [(Mixing, 1), (Pairs, 2)])
def test_rows_that_disturb_each_other_go_apart(module: type[Mixing], most: int) -> None:
    net = network(seeded(module()))
    assert [invariance(net, "second").rows(wanted, 8) for wanted in (8, 1)] == [most, 1]
    lane = Lane(net, ["second"], SIZE, limit=8)
    renders = [lane.join(Recipe(Channel("second", unit), SIZE, steps=4)) for unit in range(5)]
    finish(lane)
    for unit, render in enumerate(renders):
        assert render.failure is None
        other = alone(net, ["second"], Recipe(Channel("second", unit), SIZE, steps=4))
        assert torch.equal(lane.result(render).pixels, other.pixels)


def test_one_row_goes_beside_an_idle_one_where_it_may_not_go_alone() -> None:
    """A matrix times a vector is summed otherwise than times a matrix."""
    layers = seeded(nn.Sequential(nn.Conv2d(3, 64, 3, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(64 * 4 * 6, 700)))
    net = network(layers)
    assert invariance(net, "3").rows(1, 8) == 2
    shown = torch.rand(2, 3, *SIZE)
    extract = Filled(Extractor(net, ["3"]), 2)
    assert torch.equal(extract(shown[:1])["3"].value, extract(shown)["3"].value[:1])


def test_idle_rows_are_seen_by_nobody() -> None:
    net = network(seeded(nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.Conv2d(6, 6, 3), nn.BatchNorm2d(6))))
    plain = Extractor(net, ["3"], follow=True)
    filled = Filled(plain, 6)
    shown = torch.rand(3, 3, *SIZE)
    with filled.statistics.recording():
        few = filled(shown)["3"]
    distance = filled.statistics.distance()
    with plain.statistics.recording():
        many: Reading = plain(shown)["3"]
    assert few.value.shape == many.value.shape
    torch.testing.assert_close(few.value, many.value)
    torch.testing.assert_close(distance, plain.statistics.distance())


@pytest.mark.parametrize("channels", [8, 512])
def test_a_single_row_is_convolved_as_several_are(channels: int) -> None:
    """And so it is without help where it is not small."""
    layer = seeded(nn.Conv2d(channels, 128, 3, padding=1))
    shown = torch.rand(2, channels, 12, 12).contiguous(memory_format=torch.channels_last)
    assert shown[:1].numel() <= SMALL or channels > 500
    before = layer(shown)
    pad_single_rows(layer)
    assert torch.equal(layer(shown), before)
    assert torch.equal(layer(shown[:1]), before[:1])


def test_rounding_does_not_hide_the_order_of_sums_that_cancel() -> None:
    """In bfloat16 random numbers seldom tell one order from another; what cancels does."""
    layer = nn.Linear(512, 64, dtype=torch.bfloat16)
    inputs = torch.zeros(2, 512, dtype=torch.bfloat16)
    answers = cancelling(layer, inputs)
    said, gradient = answers([5, 3])
    for value in (said, gradient):
        assert 0 < value.abs().float().mean() < 1e-3, "only rounding is left"
    assert torch.equal(answers([3, 5])[0].flip(0), said)
    assert steady(answers, 2)

    def otherwise(rows: Sequence[int]) -> list[Tensor]:
        """Sums the second half first where there are more than two."""
        if len(rows) == 2:
            return answers(rows)
        shown = torch.cat([answers(rows[at : at + 2])[0] for at in range(0, len(rows), 2)])
        return [torch.where(shown == 0, shown, shown.nextafter(torch.ones_like(shown)))]

    assert not steady(otherwise, 4)
