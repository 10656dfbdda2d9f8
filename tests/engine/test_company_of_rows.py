"""What is done for several rows at once is, for each of them, to the bit what is done for it alone."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from featurelens.engine import compositing
from featurelens.engine.extraction.hooks import Reading
from featurelens.engine.objectives import Channel, Joint, Layer, Neuron, Objective, rowwise
from featurelens.engine.optimization import Optimization, Recipe
from featurelens.engine.parameterizations import (
    CPPN,
    Alpha,
    Fourier,
    Laplacian,
    MaCo,
    Parameterization,
    Photograph,
    Pixel,
)
from featurelens.engine.parameterizations.base import Size
from featurelens.engine.spans import side_by_side
from featurelens.engine.tails import same_sigmoid
from featurelens.engine.transforms import Transform, draw_numbers

SIZES = [(64, 96), (40, 48), (33, 47), (50, 60)]


def drawn(shape: tuple[int, ...], seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def decoded(made_of: Parameterization, parameters: tuple[Tensor, ...], size: Size, slope: Tensor) -> list[Tensor]:
    """The pictures, and the gradient of each parameter."""
    leaves = tuple(tensor.detach().requires_grad_(True) for tensor in parameters)
    pictures = made_of.decode(leaves, size)
    return [pictures.detach(), *torch.autograd.grad(pictures, leaves, slope)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    "made_of",
    [Fourier(), Fourier(decay=1.0), Fourier(channels=4), Pixel(), Laplacian(), None],
    ids=["fourier", "decay", "four channels", "pixel", "laplacian", "photograph"],
)
def test_steady_parameterizations_decode_rows_as_they_do_one(made_of: Parameterization | None, size: Size) -> None:
    made_of = made_of or Photograph(torch.rand(3, *size, generator=torch.Generator().manual_seed(1)))
    assert made_of.steady
    numbers = made_of.channels * math.prod(size)
    rows = [
        tuple(drawn(tuple(start.shape), 10 * row) for start in made_of.start(size, 1, torch.Generator()))
        for row in range(9)
    ]
    slopes = [drawn((1, made_of.channels, *size), 1000 + row) for row in range(9)]
    alone = [decoded(made_of, own, size, slope) for own, slope in zip(rows, slopes, strict=True)]
    held = 0
    for count in range(2, 10):
        if not same_sigmoid(numbers, count * numbers):
            continue
        held += 1
        stacked = tuple(torch.cat(tensors) for tensors in zip(*rows[:count], strict=True))
        together = decoded(made_of, stacked, size, torch.cat(slopes[:count]))
        for found, *each in zip(together, *alone[:count], strict=True):
            assert torch.equal(found, torch.cat(each))
    assert held == 8 or size not in SIZES[:2], "these leave no number over, with up to two threads"


def test_what_shows_its_company_is_not_called_steady() -> None:
    for made_of in (Fourier(channels=1), CPPN(), Alpha(Fourier()), MaCo()):
        assert not made_of.steady


@pytest.mark.parametrize("alone", [4653, 30_000, 32_768, 6_144, 100_001])
def test_the_last_numbers_are_known(alone: int) -> None:
    """Where it is said that company does not show, it does not, in any of many numbers."""
    for count in (2, 3, 4):
        if same_sigmoid(alone, count * alone):
            for seed in range(5):
                rows = drawn((count, alone), seed)
                assert torch.equal(torch.sigmoid(rows), torch.stack([torch.sigmoid(row.clone()) for row in rows]))
    assert same_sigmoid(32_768, 4 * 32_768)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format], ids=["last", "first"])
@pytest.mark.parametrize("shape", [(12, 14, 14), (8, 33, 47), (16, 1, 1), (6, 200, 200)], ids=str)
@pytest.mark.parametrize("kind", [Channel, Neuron])
def test_units_are_read_together_as_alone(
    kind: type[Channel | Neuron], shape: tuple[int, int, int], layout: torch.memory_format, dtype: torch.dtype
) -> None:
    for sign in ("positive", "negative"):
        objectives: list[Objective] = [kind("a", row % shape[0], sign) for row in range(5)]
        value, before = (drawn((5, *shape), seed).to(dtype).contiguous(memory_format=layout) for seed in (1, 2))
        read = [tensor.requires_grad_(True) for tensor in (value, before)]
        units = torch.tensor([rowwise.unit(each) for each in objectives])
        together = rowwise.score(objectives, {"a": Reading(*read)}, units)
        if kind is Channel and math.prod(shape[1:]) >= 2**15:
            assert together is None, "one such sum is shared out among threads"
            continue
        assert together is not None
        alone = torch.cat(
            [
                each.score({"a": Reading(*(tensor[row : row + 1] for tensor in read))})
                for row, each in enumerate(objectives)
            ]
        )
        assert torch.equal(together, alone)
        slope = drawn((5,), 3)
        ours, theirs = (
            torch.autograd.grad(scores, read, slope, allow_unused=True, materialize_grads=True)
            for scores in (together, alone)
        )
        assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))


def test_what_cannot_be_read_together_is_asked_one_by_one() -> None:
    class Other(Channel):
        """Scores in a way of its own."""

    readings = {"a": Reading(torch.zeros(2, 3, 4, 4))}
    units = torch.zeros(2, dtype=torch.int64)
    objectives: list[Objective] = [Layer("a"), Other("a", 0), Joint(()), Channel("a", 3), Neuron("a", 3)]
    for each in objectives:
        assert rowwise.score([each, each], readings, units) is None
    assert rowwise.kind(Channel("a", 1)) == rowwise.kind(Channel("a", 2))
    kinds = {rowwise.kind(each) for each in (*objectives, Channel("b", 3), Channel("a", 3, "negative"))}
    assert len(kinds) == len(objectives) + 2


@pytest.mark.parametrize("steps", [8, 200])
def test_every_tick_has_its_own_look(steps: int) -> None:
    """Those that are drawn ahead come to an end, and others follow."""
    recipe = Recipe(Channel("4", 0), (8, 9), steps=steps, seed=5)
    one = Optimization(recipe, recipe.objective)
    generator = torch.Generator().manual_seed(5)
    recipe.parameterization.start(recipe.size, 1, generator)
    for _ in range(steps):
        one.prepare()
        before = one.mark()
        seen = compositing.affine(side_by_side([one])[0])
        one.rewind(before)
        assert torch.equal(compositing.affine(side_by_side([one])[0]), seen), "a step that is made again looks again"
        assert torch.equal(seen, recipe.transform.draw(recipe.size, 1, generator))


@pytest.mark.parametrize("crop", [None, (0.3, 0.6)])
def test_looks_drawn_ahead_are_those_drawn_one_after_the_other(crop: tuple[float, float] | None) -> None:
    transform, size = Transform(crop=crop), (33, 47)
    one, other = (torch.Generator().manual_seed(7) for _ in range(2))
    ahead = transform.affine(size, draw_numbers(1, one, 37))
    assert torch.equal(ahead, torch.cat([transform.draw(size, 1, other) for _ in range(37)]))
