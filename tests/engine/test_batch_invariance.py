"""In which numbers rows may go through a network together, and what happens where they may not."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import pytest
import torch
from torch import Tensor, nn

from featurelens.engine import batch_invariance
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


class Lonely(Mixing):
    """Says something else of one row alone."""

    def forward(self, value: Tensor) -> Tensor:
        return torch.as_tensor(self.second(self.first(value) * (1 + 1e-3 * (len(value) == 1))))


def invariance(net: Network, layer: str, dtype: torch.dtype = torch.float32) -> BatchInvariance:
    return BatchInvariance(net, Extractor(net, [layer], follow=True, dtype=dtype), SIZE, CPU, nullcontext)


@pytest.mark.parametrize(
    ("disturbing", "most", "expected"),
    [
        ((), 64, {1: 1, 2: 2, 3: 3, 8: 8, 9: 10, 33: 40, 64: 64, 90: 64}),
        ((), 9, {3: 3, 6: 6, 9: 8, 100: 8}),
        ((), 1, {1: 1, 100: 1}),
        ((1, 3, 5, 7), 64, {1: 2, 3: 4, 7: 8}),
        ((1, 3, 5, 7), 3, {1: 2, 3: 2}),
        ((3, 4, 6, 8, 10), 9, {3: 2, 4: 5, 8: 7, 9: 7}),
        (range(2, 100), 64, {1: 1, 2: 1, 50: 1}),
    ],
)
def test_enough_for_all_and_no_more_than_there_is_memory_for(
    monkeypatch: pytest.MonkeyPatch, disturbing: Sequence[int], most: int, expected: dict[int, int]
) -> None:
    found = invariance(network(stack()), "4")
    monkeypatch.setattr(found, "_holds", lambda number: number not in disturbing)
    assert {wanted: found.rows(wanted, most) for wanted in expected} == expected
    assert list(NUMBERS) == sorted(NUMBERS)


@pytest.mark.parametrize(
    ("size", "rows"), [((224, 224), 32), ((225, 224), 16), ((96, 96), 64), ((512, 512), 4), ((2048, 2048), 2)]
)
def test_on_a_card_it_is_always_the_same_number(size: tuple[int, int], rows: int) -> None:
    net = network(stack())
    found = BatchInvariance(net, Extractor(net, ["4"]), size, torch.device("cuda"), nullcontext)
    assert {found.rows(wanted, 64) for wanted in (1, rows, 1000)} == {rows}
    assert found.rows(1, 1) == 1


def test_elsewhere_nothing_is_tried() -> None:
    net = network(stack())
    found = BatchInvariance(net, Extractor(net, ["4"]), SIZE, torch.device("meta"), nullcontext)
    assert [found.rows(wanted, 8) for wanted in (1, 7, 9)] == [1, 7, 8]


@pytest.mark.parametrize(("module", "most"), [(Mixing, 1), (Pairs, 2)])
def test_rows_that_disturb_each_other_go_apart(module: type[Mixing], most: int) -> None:
    net = network(seeded(module()))
    assert invariance(net, "second").rows(8, 8) == most
    lane = Lane(net, ["second"], SIZE, limit=8)
    renders = [lane.join(Recipe(Channel("second", unit), SIZE, steps=4)) for unit in range(5)]
    finish(lane)
    for unit, render in enumerate(renders):
        assert render.failure is None
        other = alone(net, ["second"], Recipe(Channel("second", unit), SIZE, steps=4))
        assert torch.equal(lane.result(render).pixels, other.pixels)


class Turned(nn.Module):
    """Rectifies with the channels first, as many as the rows that mixing is tried with."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 3, 3, padding=1)
        self.second = nn.Conv2d(3, 5, 3, padding=1)

    def forward(self, value: Tensor) -> Tensor:
        rectified = self.first(value).transpose(0, 1).relu()
        return torch.as_tensor(self.second(rectified.transpose(0, 1)))


class Halves(Turned):
    """Rectifies what has no whole number of entries for each row."""

    def forward(self, value: Tensor) -> Tensor:
        first = self.first(value)
        return torch.as_tensor(self.second(first.view(-1, *first.shape[3:]).split(5, 0)[0].relu().sum() + first))


@pytest.mark.parametrize(("module", "mixes"), [(stack(), True), (Turned(), False), (Halves(), False)], ids=repr)
def test_gradients_pass_side_by_side_where_rows_come_first(module: nn.Module, mixes: bool) -> None:
    net = network(seeded(module))
    layer = "4" if isinstance(module, nn.Sequential) else "second"
    assert invariance(net, layer).mixes() is mixes
    lane = Lane(net, [layer], SIZE)
    recipes = [Recipe(Channel(layer, unit), SIZE, steps=6, leak=leak) for unit, leak in ((0, 0.0), (1, 0.2), (2, 0.05))]
    renders = []
    for recipe in recipes:
        renders.append(lane.join(recipe))
        lane.tick()
    finish(lane)
    for recipe, render in zip(recipes, renders, strict=True):
        assert torch.equal(lane.result(render).pixels, alone(net, [layer], recipe).pixels)


def test_one_row_goes_beside_an_idle_one_where_it_may_not_go_alone() -> None:
    net = network(seeded(Lonely()))
    assert invariance(net, "second").rows(1, 8) == 2
    extract = Extractor(net, ["second"])
    shown = torch.rand(2, 3, *SIZE)
    beside, single = Filled(extract, 2)(shown[:1]), extract(shown[:1])
    assert torch.equal(beside["second"].value, Filled(extract, 2)(shown)["second"].value[:1])
    assert not torch.equal(beside["second"].value, single["second"].value)


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


def test_a_single_small_row_is_convolved_as_several_are() -> None:
    layer = seeded(nn.Conv2d(8, 128, 3, padding=1))
    shown = torch.rand(2, 8, 12, 12).contiguous(memory_format=torch.channels_last)
    assert shown[:1].numel() <= SMALL
    before = layer(shown)
    pad_single_rows(layer)
    assert torch.equal(layer(shown), before)
    assert torch.equal(layer(shown[:1]), before[:1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
@pytest.mark.parametrize(
    ("layer", "shape"),
    [(nn.Linear(512, 64), (512,)), (nn.Conv2d(64, 32, 3, padding=1), (64, 4, 5))],
    ids=["Linear", "Conv"],
)
def test_of_sums_that_cancel_only_rounding_is_left(
    layer: nn.Linear | nn.Conv2d, shape: tuple[int, ...], dtype: torch.dtype
) -> None:
    """So that rounding to bfloat16 does not hide their order."""
    for value in cancelling(layer.to(dtype), torch.empty(2, *shape, device="meta"))([5, 3]):
        assert len(value) == 2
        assert 0 < value.abs().float().mean() < 0.2, "a hundredth of what does not cancel"


def test_steady_is_what_does_not_depend_on_others() -> None:
    def own(rows: Sequence[int]) -> list[Tensor]:
        return [torch.tensor([[row, float("nan")] for row in rows])]

    def counting(rows: Sequence[int]) -> list[Tensor]:
        return [torch.tensor([float(row + (len(rows) > 2)) for row in rows])]

    def placed(rows: Sequence[int]) -> list[Tensor]:
        return [torch.tensor([row + 0.1 * (place == 4) for place, row in enumerate(rows)])]

    def mixed(rows: Sequence[int]) -> list[Tensor]:
        return [torch.tensor([float(row + sum(rows)) for row in rows])]

    assert [[steady(answers, n) for n in (1, 2, 3, 6)] for answers in (own, counting, placed, mixed)] == [
        [True, True, True, True],
        [True, True, False, False],
        [True, True, True, False],
        [False, False, False, False],
    ]


def test_what_would_take_too_long_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lanes wait meanwhile; fewer rows at once give the same bits."""
    monkeypatch.setattr(batch_invariance, "_PATIENCE", 0.0)
    assert invariance(network(stack()), "4").rows(8, 8) == 2
